#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# sightings - what nodes report of first uses: clocks start by them, once, and only ever move earlier; the same report
# again changes nothing; bad lines are refused one by one, with why; what would take somebody's service before a notice
# or white-list is not taken from a machine; limits; a store that is away loses nothing at the sender.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use POSIX qw(strftime);
use Register;
use Test::More;
use Time::HiRes qw(time);

use constant NOW => 1_773_126_000; # 2026-03-10T07:00:00Z, noon in Almaty
my $r = Register->new(now => '2026-03-10T07:00:00Z');
is $r->run('suspend', '--mark', 'stolen', '--by', 'police', '--order', '1', imei(1))->{code}, 0, 'a register';
my $key = sub { ($r->run('node', 'add', $_[0])->{out} =~ /^api_key=(\S+)$/m)[0] };
my $altel = $key->('Altel/almaty');
my $tele2 = $key->('Tele2');
my $server = $r->serve;

sub at { return strftime('%Y-%m-%dT%H:%M:%SZ', gmtime(NOW + ($_[0] // 0))) }
sub line {
    my ($imei, $seconds, $network) = @_;
    return sprintf '{"imei":"%s","time":"%s","network":"%s"}', $imei, at($seconds), $network // 'home';
}

sub post {
    my ($body, %with) = @_;
    return Register::http($server, 'POST', '/api/v1/sightings',
        {Authorization => 'Bearer ' . ($with{key} // $altel), 'Content-Type' => $with{type} // 'application/x-ndjson'}, $body);
}

sub report {
    my ($status, $body) = post(@_);
    return $status == 200 ? json($body) : {status => $status, reason => (eval { json($body)->{reason} } // $body)};
}

sub counts { my ($said) = @_; return join ' ', map { $said->{$_} // '-' } qw(taken known elsewhere refused_count) }
sub list { return join ' ', $r->lists(@_) }
sub blocks { return json($r->run('--json', 'journal', 'verify')->{out})->{blocks} }

# --- a first use ---

ok poll(5, sub { counts(report('')) eq '0 0 0 0' }), 'nothing is a report';
is list(imei(10)), 'unknown NEVER_ACTIVATED', 'before it';
is counts(report(lines(line(imei(10), -60)))), '1 0 0 0', 'one first use';
is list(imei(10)), 'grey UNVERIFIED', 'its clock runs';
my $shown = $r->run('--json', 'journal', 'show', '--imei', imei(10))->{out};
like $shown, qr/activated/, 'the journal says why';
my $verdict = ($r->check(imei(10)))[0];
is $verdict->{deadline} // $verdict->{last_day}, '2026-04-09', 'thirty days from the local day' or diag explain $verdict;
my $before = blocks();
is counts(report(lines(line(imei(10), -60)))), '0 1 0 0', 'the same again is known';
is counts(report(lines(line(imei(10), -30), line(imei(10), 0)))), '0 2 0 0', 'a later one as well';
is blocks(), $before, 'and nothing is written';
is counts(report(lines(line(imei(10), -86400 * 3)), key => $tele2)), '1 0 0 0', 'earlier, by another operator\'s node: it moves';
is(($r->check(imei(10)))[0]{deadline} // ($r->check(imei(10)))[0]{last_day}, '2026-04-06', 'the clock runs from then');
is counts(report(lines(line(imei(10), -60)))), '0 1 0 0', 'out of order changes nothing';
is counts(report(lines(map { line(imei(11), $_) } -7200, -86400, -3600))), '1 2 0 0', 'of one IMEI in one report the earliest counts';
is(($r->check(imei(11)))[0]{deadline} // ($r->check(imei(11)))[0]{last_day}, '2026-04-08', 'the day before');
is counts(report(lines(line(imei(12), -43200 - 3600)))), '1 0 0 0', 'before local midnight';
is(($r->check(imei(12)))[0]{deadline} // ($r->check(imei(12)))[0]{last_day}, '2026-04-08', 'is the day before: of the country, not of UTC');
is counts(report(lines(line(substr(imei(13), 0, 14)), line(substr(imei(14), 0, 14) . '9'), line(substr(imei(15), 0, 14) . '01')))), '3 0 0 0', '14, 15 and 16 digits, none of them judged';
is list(imei(13), imei(14), imei(15)), 'grey UNVERIFIED grey UNVERIFIED grey UNVERIFIED', 'as networks see them';
is counts(report(lines(line(imei(16), 0, 'roaming'), line(imei(17), 0, 'test')))), '0 0 2 0', 'a visitor is counted';
is list(imei(16), imei(17)), 'unknown NEVER_ACTIVATED unknown NEVER_ACTIVATED', 'and starts no clock';
is counts(report(lines(line(imei(18)), '', line(imei(19))) . line(imei(20)))), '3 0 0 0', 'empty lines, a last one without an end';
is counts(report("\r\n" . line(imei(21)) . "\r\n")), '1 0 0 0', 'ends of lines of another kind';
is counts(report(lines('{"network":"home","more":{"a":[1]},"time":"' . at(0) . '","imei":"' . imei(22) . '"}'))), '1 0 0 0', 'members in any order, others passed over';
is list(imei(1)), 'black STOLEN', 'what is stolen';
is counts(report(lines(line(imei(1))))), '1 0 0 0', 'may be seen';
is list(imei(1)), 'black STOLEN', 'and stays so';

# --- what is refused, line by line ---

my @bad = (
    ['LINE', 'x'], ['LINE', '[]'], ['LINE', '{}'], ['LINE', '{"imei":"' . imei(30) . '","time":"' . at(0) . '"}'],
    ['LINE', '{"imei":' . imei(30) . ',"time":"' . at(0) . '","network":"home"}'],
    ['LINE', line(imei(30)) . ' ' . line(imei(31))], ['LINE', line(imei(30), 0, 'x' x 600)],
    ['LINE', substr(line(imei(30)), 0, -1)], ['LINE', line(imei(30), 0, '')], ['LINE', '{"imei":"1","imei":"' . imei(30) . '","time":"' . at(0) . '","network":"home"}'],
    ['UTF8', line(imei(30), 0, "\xff")],
    ['IMEI_FORM', line('3573500700003')], ['IMEI_FORM', line('35735007000030123')], ['IMEI_FORM', line('35735007 000030')],
    ['IMEI_FORM', line('0' x 15)], ['IMEI_FORM', line('')],
    (map { ['DATE', '{"imei":"' . imei(30) . "\",\"time\":\"$_\",\"network\":\"home\"}"] } '2026-03-10', '2026-03-10T07:00:00', '2026-03-10T07:00:00+05:00',
        '2026-02-30T07:00:00Z', '20260310T070000Z', '2026-03-10 07:00:00Z', '', 'Z', '2026-03-10T25:00:00Z'),
    ['TIME_AHEAD', line(imei(30), 301)], ['TIME_LATE', line(imei(30), -86400 * 20 - 1)],
);
my $said = report(lines(line(imei(32)), (map { $_->[1] } @bad), line(imei(33))));
is counts($said), '2 0 0 ' . @bad, 'what is good is taken, what is not is refused';
is_deeply [sort map { "$_->{line} $_->{reason}" } @{$said->{refused}}], [sort map { ($_ + 2) . " $bad[$_][0]" } 0 .. $#bad], 'each with its line and why';
ok !(grep { !length $_->{detail} } @{$said->{refused}}), 'and in words';
is list(imei(30)), 'unknown NEVER_ACTIVATED', 'none of them started a clock';
is counts(report(lines(line(imei(34), 299), line(imei(35), -86400 * 20 + 1)))), '2 0 0 0', 'a clock may go five minutes before, a report be 20 days late';
$said = report(lines(('x') x 150));
is counts($said), '0 0 0 150', 'all are counted';
is scalar @{$said->{refused}}, 100, 'a hundred shown';

# --- what a machine does not start ---

is $r->run('rules', 'set', 'grace_days=25')->{code}, 0, 'fewer days of grace';
is counts(report(lines(line(imei(40), -86400 * 17)))), '1 0 0 0', 'eight days before black';
$said = report(lines(line(imei(41), -86400 * 18), line(imei(42), -86400 * 19)));
is counts($said), '0 0 0 2', 'nearer than a notice needs';
is join(' ', map { $_->{reason} } @{$said->{refused}}), 'NOTICE NOTICE', 'which is said';
is list(imei(41)), 'unknown NEVER_ACTIVATED', 'nothing started';
is $r->run('rules', 'set', 'grace_days=10')->{code}, 0, 'ten days';
is counts(report(lines(line(imei(43), -86400 * 12)))), '0 0 0 1', 'nobody is black by a report';
is $r->run('rules', 'set', 'grace_days=30', 'amnesty_before=2026-03-01')->{code}, 0, 'an amnesty until lately';
$said = report(lines(line(imei(44), -86400 * 12), line(imei(45), -86400)));
is counts($said), '1 0 0 1', 'nobody white-lists by a report';
is $said->{refused}[0]{reason}, 'WHITE', 'which is said';
is list(imei(44), imei(45)), 'unknown NEVER_ACTIVATED grey UNVERIFIED', 'only its clock starts';

# --- limits ---

my $began = time;
is counts(report(lines(map { line(imei(100_000 + $_)) } 1 .. 10_000))), '10000 0 0 0', 'ten thousand at once';
printf "# %.0f ms\n", 1000 * (time - $began);
is counts(report(lines(map { line(imei(100_000 + $_), -30) } 1 .. 10_000))), '0 10000 0 0', 'and once more';
is report(lines(map { line(imei(200_000 + $_)) } 1 .. 10_001))->{reason}, 'TOO_MANY', 'one more is too many';
is list(imei(200_001)), 'unknown NEVER_ACTIVATED', 'and nothing of it was taken';
is report(lines(line(imei(50)) . ' ' x (2 << 20)))->{status}, 413, 'too long';
is report(lines(line(imei(50))), type => 'application/json')->{reason}, 'MEDIA_TYPE', 'another media type';
is report(lines(line(imei(50))), key => 'x')->{reason}, 'KEY', 'no key';
is +(Register::http($server, 'GET', '/api/v1/sightings', {Authorization => "Bearer $altel"}))[0], 405, 'nothing to read';

# --- two at once ---

my @pids = map {
    my $pid = fork // die;
    if (!$pid) {
        my $said = report(lines(map { line(imei(300_000 + $_)) } 1 .. 2000));
        POSIX::_exit(($said->{taken} // -1) + ($said->{known} // -1) == 2000 ? 0 : 1);
    }
    $pid;
} 1 .. 4;
my $failed = 0;
for my $pid (@pids) { waitpid $pid, 0; $failed++ if $? }
is $failed, 0, 'four nodes that saw the same';
my $rows = 0;
$rows += () = $r->run('--json', 'journal', 'show', '--imei', imei(300_000 + $_))->{out} =~ /activated/g for 1, 1000, 2000;
is $rows, 3, 'are written once';

# --- the store is away ---

if (!$r->{database}) {
    my $held = $r->held;
    like $held->{said}, qr/held/, 'somebody holds the register';
    is report(lines(line(imei(60))))->{status}, 503, 'a report is told to come again';
    $r->let_go($held);
    ok poll(10, sub { counts(report(lines(line(imei(60))))) eq '1 0 0 0' }), 'and stands when it comes';
}
like $r->run('journal', 'show', '--imei', imei(10))->{out}, qr/Altel/, 'the journal names the operator';
Register::stop($server->{pid});
my $answers = $r->serve('--answer-only');
$server = $answers;
ok poll(5, sub { report(lines(line(imei(61))))->{status} }), 'a server that only answers';
is report(lines(line(imei(61))))->{reason}, 'UNAVAILABLE', 'takes no report';
Register::stop($answers->{pid});
ok $r->whole, 'the register is whole';
done_testing;
