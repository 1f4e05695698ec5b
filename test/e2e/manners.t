#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# manners - what a person at the shell may expect: numbers as they are copied, errors that say which file
# and what to do, output that is whole or said not to be, JSON where JSON was asked for.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Register;
use Test::More;

my $r = Register->new(now => '2026-03-10T07:00:00Z');
is $r->run('demo', 'create')->{code}, 0, 'samples';

# --- IMEIs as they are copied ---

for my $form ('35-735007-990001-3', "35\xc2\xa0735007\xc2\xa0990001\xc2\xa03", "35\xe2\x80\x93735007\xe2\x80\x93990001\xe2\x80\x933",
    '35 735007/990001.3', "35\xe2\x80\xaf735007\xe2\x80\x89990001\xe2\x80\x903") {
    is(($r->check($form))[0]{reason}, 'VERIFIED', "taken: $form");
}
is(($r->check("35\xe2\x82\xac735007990001"))[0]{error}, 'IMEI_CHARS', 'another sign is none');
$r->settings("[portal]\nopen = no\n"); # nobody to sign in: the shell goes on deciding alone
my $server = $r->serve('--demo');
my ($status, $page) = Register::http($server, 'POST', '/check?lang=en', {'Content-Type' => 'application/x-www-form-urlencoded'},
    'imei=IMEI%3A+357350079900013%0AIMEI2+%3A+359205079900025%0Aimei+869271029900039');
is "$status " . scalar(() = $page =~ /<article class="answer white"/g), '200 3', 'a label before the number is no mistake';
is $r->run('import', 'amnesty', $r->file('list.txt', lines('35-735007-000002-9', '35735007000003')))->{code}, 0,
  'a list may have separators, and no check digit is judged';
is join(',', $r->lists('35735007000002', '35735007000003')), 'white AMNESTY,white AMNESTY', 'both are in';

# --- the samples as they are today ---

is Register::stop($server->{pid}), 0, 'stopped';
my %then = map { (split ' ')[1, 2] } split /\n/, $r->run('demo', 'list')->{out};
is "$then{grey_29} $then{expired}", 'grey black', 'as they were made';
$r->now('2026-04-20T07:00:00Z');
is $r->run('sweep')->{code}, 0, 'weeks later';
my %now = map { (split ' ')[1, 2] } split /\n/, $r->run('demo', 'list')->{out};
is "$now{grey_29} $now{verified_import}", 'black white', 'the list tells what they answer today';
$server = $r->serve('--demo');
(undef, $page) = Register::http($server, 'GET', '/check?lang=en');
like $page, qr/value="grey_29">.*?<span class="expect black">/s, 'so does the page';
is Register::stop($server->{pid}), 0, 'stopped';

# --- what was printed is whole, or not ---

for my $words ('journal show', '--json journal show', '--json check 357350079900013', 'demo list') {
    is system("$tamga --register $r->{url} --now $r->{now} $words >/dev/full 2>" . $r->path('err')) >> 8, 4, "$words: a full disk";
    like slurp($r->path('err')), qr/cannot write the output: No space left/, 'is told';
}
is system("bash -c 'set -o pipefail; $tamga --register $r->{url} journal show | head -1 >/dev/null' 2>" . $r->path('err')) >> 8, 0,
  'who hangs up knows';
is slurp($r->path('err')), '', 'and hears nothing';

# --- errors ---

my $got = $r->run('check', '--as-of', '2026-02-30', '357350079900013');
like $got->{err}, qr/DATE `2026-02-30`/, 'a day that does not exist';
$got = $r->run('import', 'verified', '--kind', 'import', '--by', '030540003215', '--at', '2026-02-30', $r->path('list.txt'));
like $got->{err}, qr/DATE `2026-02-30`: --at wants/, 'nor there';
is $r->run('rules', 'set', 'home_plmn=')->{code}, 2, 'a country without networks of its own';
$got = $r->run('journal', 'show', '--since', 's99999');
is $got->{code}, 2, 'a cursor beyond the end';
like $got->{err}, qr/`s99999`: this register ends at s\d+/, 'is another register\'s';
$got = Register->new->run('check', '357350079900013');
like $got->{err}, qr/there is no register; any writing command makes one/, 'no register: what to do';
SKIP: {
    skip 'root writes everywhere', 2 if $> == 0 && system('command -v setpriv >/dev/null');
    my $dir = $r->path('locked');
    mkdir $dir;
    spew("$dir/half.txt", lines(imei(50), 'x'));
    chmod 0555, $dir;
    chmod 0777, $r->{dir};
    my $mine = $r->path('mine');
    mkdir $mine;
    chmod 0777, $mine;
    my $as = $> == 0 ? 'setpriv --reuid=65534 --clear-groups ' : '';
    my $code = system("$as$tamga --register sqlite:$mine/t.db import amnesty --keep-good $dir/half.txt >/dev/null 2>" . $r->path('err')) >> 8;
    is $code, 2, 'bad rows that cannot be kept';
    like slurp($r->path('err')), qr{FILE_WRITE: cannot write the bad rows to \S+half\.txt\.bad\.csv: Permission denied; nothing was loaded},
      'say which file, why, what to do';
}

# --- JSON where it was asked for ---

my $two = Register->new(now => '2026-03-10T07:00:00Z');
is json($two->run('--json', 'user', 'add', 'aigul')->{out})->{two_person}, JSON::PP::false, 'user add';
is json($two->run('--json', 'user', 'add', 'bolat')->{out})->{two_person}, JSON::PP::true, 'user add again';
is $two->actor('aigul')->run('rules', 'set', 'grace_days=40')->{code}, 3, 'a proposal';
my $proposal = json($two->run('--json', 'proposals')->{out});
is "$proposal->{by} $proposal->{label}", 'aigul rules set grace_days=40', 'proposals';
like $two->actor('bolat')->run('confirm', $proposal->{proposal})->{out}, qr/^rule set 2 is in force: 0 verdicts moved$/m,
  'confirming says what it did';
is json($two->run('--json', 'snapshot', 'write', $two->path('snap'))->{out})->{imeis}, 0, 'snapshot write';
is json((split /\n/, $r->run('--json', 'demo', 'list')->{out})[0])->{sample}, 'verified_import', 'demo list';
done_testing;
