#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# notices - what subscribers are told, by the commands: a feed tells who uses which phone, the notices of a day are made
# once, and an operator's list of them is signed, whole and then what is new; nothing at night; nothing for whom no
# operator can tell.
use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use FindBin;
use lib $FindBin::Bin;
use Register;
use Test::More;
use utf8;

my $r = Register->new(now => '2026-03-10T07:00:00Z'); # noon
sub ok_run { my ($say, @words) = @_; my $did = $r->run(@words); is $did->{code}, 0, $say or diag $did->{err}; return $did }
sub due { my $did = ok_run('due', '--json', 'notices', 'due', @_); return json($did->{out}) }
sub list { return $r->run('--json', 'lists', '--operator', $_[0], '--list', 'notify', '--out', $r->path($_[1]), @_[2 .. $#_]) }

sub feed {
    my ($operator, $day, @rows) = @_;
    my $file = $r->file("feed-$operator-$day.csv", lines('date,imei,imsi,msisdn,rat', map { "$day,$_" } @rows));
    ok_run("a feed of $operator", 'feed', 'load', '--operator', $operator, '--accept', 'all', '--reason', 'test', $file);
}
sub row { my ($n, $imsi) = @_; return substr(imei($n), 0, 14) . ",$imsi,77010000" . substr($imsi, -3) . ',004' }

feed('Altel', '2026-03-10', row(1, '401010000000101'), row(1, '401010000000102'), row(2, '401010000000103'), row(3, '250010000000104'));
feed('Kcell', '2026-03-10', row(2, '401020000000105'));

my $none = due();
is $none->{channels}, 0, 'nobody can be told yet';
is list('Altel', 'early')->{code}, 2, 'and there is no list for him';
ok_run('a channel', 'notices', 'channel', '--operator', 'Altel', '--road', 'file');
ok_run('the address', 'notices', 'set', '--site', 'imei.example.kz');
for (['--road', 'pigeon'], ['--road', 'http'], ['--road', 'file', '--url', 'http://x/y'], ['--road', 'file', '--plmn', '4'], ['--road', 'file', '--plmn', '40103,401030'],
    ['--road', 'http', '--url', 'http://sms.example.kz/x'], ['--road', 'http', '--url', 'https://a:b@sms.example.kz/x']) {
    is $r->run('notices', 'channel', '--operator', 'X', @$_)->{code}, 2, "refused: @$_";
}
for (['--from', '25:00'], ['--from', '11:00'], ['--percent', '101'], ['--percent', '0'], ['--days', '0'], ['--site', 'a' x 19]) {
    is $r->run('notices', 'set', @$_)->{code}, 2, "refused: @$_";
}
is json($r->run('--json', 'notices', 'set')->{out})->{site}, 'imei.example.kz', 'and left as it was';

my $dry = due('--dry-run');
is_deeply [@$dry{qw(made imeis unreachable)}], [3, 2, 1], 'what would be made; Kcell has no channel';
is $dry->{steps}{GREY}, 3, 'their first';
is due('--dry-run')->{made}, 3, 'nothing was made by it';
{
    local $r->{now} = '2026-03-10T17:00:00Z';
    is_deeply [@{due()}{qw(made quiet)}], [0, JSON::PP::true], 'nobody is written to at 22:00';
    is due('--dry-run', '--at-any-hour')->{made}, 3, 'but one may look';
}
is due()->{made}, 3, 'made';
is due()->{made}, 0, 'once';

# --- the list ---

my $made = list('Altel', 'full');
is $made->{code}, 0, 'a list' or diag $made->{err};
my $told = json($made->{out});
is $told->{rows}, 3, 'of three';
my $text = slurp($r->path('full') . '/notify.csv');
my ($whole, $end) = $text =~ /\A(.*\n)(#end [^\n]*\n)\z/s;
like $end, qr/^#end rows=3 sha256=${\sha256_hex($whole)} signature=[0-9a-f]{128}$/, 'whole, and signed';
my @rows = grep { !/^#|^id,/ } split /\n/, $whole;
my @first = split /,/, $rows[0];
is_deeply [@first[1 .. 8]], [substr(imei(1), 0, 14), '401010000000101', '77010000101', 'grey', '2026-04-09', 'UNVERIFIED', 'GREY', '2026-03-25'], 'who, of which phone, what, until when';
my ($ru) = $rows[0] =~ /"([^"]*)","[^"]*"$/;
utf8::decode($ru);
like $ru, qr/^Устройство \(IMEI …\d{4}\) не верифицировано\.\sУслуги\sпо\s09\.04\sвключительно/, 'in Russian';
my ($number) = $ru =~ /imei\.example\.kz, №\s([0-9A-Z]{20})\.$/;
ok $number, 'with the address and a check number, and no other link';
unlike $text, qr{://}, 'none at all';
is scalar(grep { /4010[12]0000000105/ } @rows), 0, "not of another operator's";
is json(list('Altel', 'again', '--since', $told->{cursor})->{out})->{rows}, 0, 'nothing new';
isnt list('Altel', 'bad', '--since', '5-0123456789abcdef')->{code}, 0, 'a cursor that is none';
isnt $r->run('lists', '--operator', 'Altel', '--list', 'notify', '--layout', 'dirbs', '--out', $r->path('x'))->{code}, 0, 'no other layout';

$r->{now} = '2026-03-26T07:00:00Z';
is_deeply due()->{steps}{DAYS_14}, 3, 'two weeks before';
my $delta = json(list('Altel', 'again', '--since', $told->{cursor})->{out});
is $delta->{rows}, 3, 'what is new';
is json(list('Altel', 'full')->{out})->{rows}, 3, 'the first are overtaken';
my $status = json($r->run('--json', 'notices', 'status', '--operator', 'Altel')->{out});
is_deeply [@$status{qw(made handed_over waiting oldest_seconds)}], [6, 6, 0, 0], 'how it stands';
is $r->run('notices', 'status', '--operator', 'Nobody')->{code}, 2, 'nobody';
like $r->run('notices', 'status')->{out}, qr/^Altel \(file\): made 6, handed over 6/, 'for people';

# --- a channel that comes later gets what is due then ---

ok_run('a channel', 'notices', 'channel', '--operator', 'Kcell', '--road', 'file', '--plmn', '40102');
is due()->{steps}{GREY}, 1, 'his first word';
like slurp($r->path('full') . '/notify.csv'), qr/form=full/, 'the list of before stands';
ok_run('an end of it', 'notices', 'channel', '--operator', 'Kcell', '--road', 'none');
is list('Kcell', 'kcell')->{code}, 2, 'no channel, no list';

# --- whose subscribers are whose: one table ---

ok_run('prefixes', 'notices', 'channel', '--operator', 'Kcell', '--road', 'file', '--plmn', '40102,4010377');
for (['Beeline', '40102'], ['Beeline', '40104,401037'], ['Beeline', '401022']) {
    my $did = $r->run('notices', 'channel', '--operator', $_->[0], '--road', 'file', '--plmn', $_->[1]);
    is $did->{code}, 2, "two have $_->[1]";
    like $did->{err}, qr/overlaps with one of Kcell/, 'and it says whose it is';
}
my $settings = $r->file('tamga.ini', "[operator Beeline]\nplmn = 40104,40105\n[operator Tele2]\nplmn = 40177\n");
sub with_settings { return $r->run('--settings', $settings, 'notices', 'channel', '--road', 'file', @_) }
is with_settings('--operator', 'Beeline')->{code}, 0, 'his prefixes are those of the settings';
is $r->run('notices', 'channel', '--operator', 'X', '--road', 'file', '--plmn', '401055')->{code}, 2, 'as another hears';
is with_settings('--operator', 'Beeline', '--plmn', '40105,40104')->{code}, 0, 'the same in other words';
like with_settings('--operator', 'Beeline', '--plmn', '40104')->{err}, qr/\[operator Beeline\] plmn in the settings/, 'others are refused';
like with_settings('--operator', 'X', '--plmn', '4017')->{err}, qr/5 to 10 digits/, 'too short';
like with_settings('--operator', 'X', '--plmn', '401770')->{err}, qr/prefix 401770 is of Tele2/, "nor another's";
my $twice = $r->file('twice.ini', "[operator Beeline]\nplmn = 40104\n[operator Tele2]\nplmn = 401041\n");
like $r->run('--settings', $twice, 'check', imei(1))->{err}, qr/overlaps with that of Beeline/, 'settings that give one prefix to two';
ok_run("an end of $_", 'notices', 'channel', '--operator', $_, '--road', 'none') for 'Beeline', 'Kcell';

# --- verified ---

ok_run('verified', 'import', 'verified', '--kind', 'personal', '--by', '900101300017', $r->file('v.csv', lines('imei1', imei(1))));
is_deeply due()->{steps}{VERIFIED}, 2, 'both hear it';
is due()->{made}, 0, 'once';
# --- a lower percent is a matter of two ---

ok_run('an account', 'user', 'add', $_) for 'aigul', 'bolat';
sub percent { my ($who, $n, @more) = @_; my $got = $r->actor($who)->run('--json', 'notices', 'set', '--percent', $n, '--reason', 'a drill', @more); $r->actor(undef); return $got }
is percent('nobody', 0)->{code}, 2, 'not by anybody';
is percent('aigul', 0)->{code}, 3, 'one asks';
is percent('aigul', 0)->{code}, 2, '... and is not two';
is json($r->run('--json', 'notices', 'set')->{out})->{percent_asked}, 0, 'it waits';
is json($r->run('--json', 'notices', 'set')->{out})->{percent}, 99, 'and nothing is set';
is percent('bolat', 50)->{code}, 3, 'another number is another question';
is percent('bolat', 0)->{code}, 3, 'which takes the place of the first';
is json(percent('aigul', 0)->{out})->{percent}, 0, 'two say the same';
is json(percent('aigul', 99)->{out})->{percent}, 99, 'up again by one';
like $r->run('journal', 'show')->{out}, qr/entry notices_guard.*entry notices_guard/s, 'the journal has it';

like $r->run('--json', 'audit', 'show')->{out}, qr/"notify_list"/, 'who made a list with numbers in it is written down';
is $r->run('db', 'check')->{code}, 0, 'the register is whole';

done_testing;
