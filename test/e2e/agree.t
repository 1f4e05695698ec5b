#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# agree - one judge, one answer: for every sample the shell (one facts row, judged), the API and the
# page (both from the index) tell the same list, the same public reason, the same days.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Register;
use Test::More;

my $r = Register->new;
is $r->run('demo', 'create')->{code}, 0, 'samples';
my @samples = split /\n/, $r->run('demo', 'list')->{out};
cmp_ok scalar @samples, '>=', 16, 'at least sixteen of them';
$r->settings("[portal]\nopen = no\n"); # nobody to sign in: the shell goes on deciding alone
my $server = $r->serve('--demo');

# The page says each public reason in one sentence of the catalogue.
my %text = %{json(slurp("$FindBin::Bin/../../text/en.json"))};
my @reasons = grep { s/^reason\.(\w+)\.public$/$1/ } keys %text;

sub page {
    my ($imei) = @_;
    my ($status, $body) = Register::http($server, 'POST', '/check?lang=en',
        {'Content-Type' => 'application/x-www-form-urlencoded', 'Accept-Language' => 'en'}, "imei=$imei");
    $body =~ s/&#39;/'/g;
    my ($list) = $body =~ /<article class="answer (\w+)"/;
    # A reason's sentence may be the beginning of another's: the longest that stands there counts.
    my ($said) = sort { length $text{"reason.$b.public"} <=> length $text{"reason.$a.public"} }
      grep { index($body, $text{"reason.$_.public"}) >= 0 } @reasons;
    return {status => $status, list => $list // '', reason => $said // '', body => $body};
}

my %seen;
for my $sample (@samples) {
    my ($imei, $id) = split ' ', $sample;
    my ($imsi) = $sample =~ /with IMSI (\d+)/;
    my ($told) = $r->check($imei);
    if ($told->{error}) {
        is $told->{error}, 'IMEI_MISTYPED', "$id: mistyped for the shell";
        my ($status, $body) = Register::http($server, 'GET', "/api/v1/check/$imei");
        is_deeply [$status, json($body)->{reason}], [400, 'IMEI_MISTYPED'], "$id: for the API";
        is page($imei)->{status}, 400, "$id: for the page";
        next;
    }
    $seen{$told->{public_reason}} = 1;
    my (undef, $body) = Register::http($server, 'GET', "/api/v1/check/$imei");
    my $heard = json($body);
    is_deeply {map { $_ => $heard->{$_} } qw(imei list public_reason rule deadline valid_through served used
          duplicate tac rule_set as_of)},
      {map { $_ => $told->{$_} } qw(imei list public_reason rule deadline valid_through served used
          duplicate tac rule_set as_of)}, "$id: the API says what the shell says";
    my $next = $told->{next};
    is_deeply $heard->{next} && [@{$heard->{next}}{qw(list from)}], $next && [@$next{qw(list from)}],
      "$id: and what comes next";
    my $page = page($imei);
    is "$page->{list} $page->{reason}", "$told->{list} $told->{public_reason}", "$id: so does the page";
    ok "$body$page->{body}" !~ /ORDER|PENITENTIARY/ && $body !~ /court|police/,
      "$id: nothing internal to the public";
    next unless $imsi;
    my ($own) = $r->check('--imsi', $imsi, $imei);
    my ($list) = $sample =~ /(white|black) CLONE/;
    is "$own->{list} $own->{reason}", "$list CLONE", "$id: asked with its IMSI, in the shell";
    is $own->{served}, $list eq 'white' ? JSON::PP::true : JSON::PP::false, "$id: served or not";
}
for my $reason (qw(VERIFIED AMNESTY BEFORE_DUTY UNVERIFIED HELD EXPIRED STOLEN LOST AUTHORITY GSMA CLONE
    REPLACED REVOKED TEMPORARY MACHINE MALFORMED NEVER_ACTIVATED)) {
    ok $seen{$reason}, "there is a sample of $reason";
}

# The rest of the reasons, and the days: both ways again after what a register goes through.
is $r->run('import', 'tac', '--complete', '--accept', 'notice', '--reason', 'test', $r->file('tac.csv', lines('tac,name,name', '35735007,Nokia,X')))
  ->{code}, 0, 'a complete list of models';
my @some = map { (split ' ')[0] } grep { !/mistyped/ } @samples;
poll(2, sub { json((Register::http($server, 'GET', "/api/v1/check/$some[0]"))[1])->{rule_set} == 2 });
for my $imei (@some) {
    my ($told) = $r->check($imei);
    my (undef, $body) = Register::http($server, 'GET', "/api/v1/check/$imei");
    is_deeply [@{json($body)}{qw(list public_reason deadline valid_through tac rule_set)}],
      [@$told{qw(list public_reason deadline valid_through tac rule_set)}],
      "$imei under another rule set: $told->{public_reason}";
}
is Register::stop($server->{pid}), 0, 'a clean end';
done_testing;
