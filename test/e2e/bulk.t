#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# bulk - applications by file: filed with the good rows, its grey phones held, found by whoever asks for the same
# IMEI, proposed by one officer and confirmed by another, entered as one batch; what moved meanwhile is left out and
# told. A server that is killed in the middle of it leaves exactly one state.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Bulk;
use POSIX qw(strftime);
use Portal;
use Register;
use Test::More;
use Time::HiRes qw(sleep time);

my $seed = $ENV{TAMGA_SEED} // time ^ $$;
diag "TAMGA_SEED=$seed";
srand $seed;

my $r = Register->new;
my $p = Portal->new($r, border => 0);
$p->staff($_, 'officer') for 'erlan', 'dana';
my $iin = Portal::number_of('8501013');
$p->person('aigul', 'АХМЕТОВА АЙГҮЛ', '8501013');
$p->organisation('firm', 'ТОО Импорт', $iin, '0101400');
$p->organisation('other', 'ТОО Другое', $iin, '0202400');

# Three phones were used this week: they are grey.
my $week = strftime '%Y-%m-%d', localtime(time - 3 * 86_400);
my $tac = '35267705';
$r->file('feed.csv', Register::lines('date,imei,imsi,msisdn,rat', map { "$week," . imei($_, $tac) . ',401011234567890,77010000000,LTE' } 1, 2, 900));
is $r->run('feed', 'load', '--operator', 'Kcell', '--accept', 'all', '--reason', 'test', $r->path('feed.csv'))->{code}, 0, 'three phones are grey'
    or diag Register::slurp("$r->{dir}/run.err");

$p->serve;
my ($firm, $other, $aigul) = map { $p->enter($_) } 'firm', 'other', 'aigul';
my ($erlan, $dana) = map { $p->enter_staff($_) } 'erlan', 'dana';
my $b = Bulk->new($p, $firm);

sub file { my ($who, %wish) = @_; return $p->ask('POST', '/api/v1/applications', {kind => 'import', document => 'KZ-55301/1', %wish}, $who) }
sub at_desk { my ($who, $number, $act, $body) = @_; return $p->ask('POST', "/api/v1/desk/$number/$act", $body // {}, $who) }
sub seen { my ($number) = @_; return ($p->ask('GET', "/api/v1/desk/$number", undef, $erlan))[1] }
sub checked { my ($number) = @_; return Register::poll(20, sub { my $a = seen($number); return $a->{checked} && $a }) }
sub list { return ($p->ask('GET', "/api/v1/check/$_[0]"))[1]{list} }
sub reason { return (($r->check($_[0]))[0])->{reason} }
# A grey phone with an open hold has no last day.
sub held { my ($v) = $r->check($_[0]); return $v->{list} ne 'grey' ? $v->{list} : defined $v->{deadline} ? 'grey' : 'held' }
my $yes = {approve => JSON::PP::true};

# ---- filing ----

my @rows = map { row(imei($_, $tac), imei($_ + 5000, $tac)) } 1 .. 100;
$rows[49] = row('123');
my $u = $b->send_whole(Register::lines($header, @rows));
is_deeply [@$u{qw(rows bad devices imeis)}], [100, 1, 99, 198], 'a file with one bad row';
is((file($other, upload => $u->{id}, accept_good => JSON::PP::true))[0], 404, 'another\'s file: 404');
is((file($firm, upload => $u->{id}))[1]{reason}, 'ROW', 'bad rows stay behind only if he says so');
is((file($firm, upload => $u->{id}, accept_good => JSON::PP::true, kind => 'repair'))[1]{reason}, 'USAGE', 'no repair by file');
is((file($firm, upload => '0' x 16))[0], 404, 'no such file');
my ($status, $a, $head) = file($firm, upload => $u->{id}, accept_good => JSON::PP::true);
is $status, 201, 'filed';
my $n = $a->{number};
is_deeply [@{$a->{file}}{qw(devices imeis approved left_out proposed)}], [99, 198, 0, 0, JSON::PP::false], '... with counts';
like $a->{file}{digest}, qr/^[0-9a-f]{64}$/, '... and the digest of its list';
($status, my $again) = file($firm, upload => $u->{id}, accept_good => JSON::PP::true);
is "$status $again->{number}", "200 $n", 'filed again it is the same';
is $b->look($u->{id})->{application}, $n, 'the file knows its application';
is $b->drop($u->{id}), 409, 'and stays';

# ---- while it is open ----

my $desk = checked($n);
is_deeply $desk->{findings}, ['tac_unknown', 'needs_proof', 'customs_not_asked'], 'an officer sees what was found';
is_deeply [map { held(imei($_, $tac)) } 1, 2, 3, 900], ['held', 'held', 'unknown', 'grey'], 'its grey phones are held';
my (undef, $typed) = $p->ask('POST', '/api/v1/applications', {kind => 'personal', way => 'carried', entered => '2026-03-01',
        devices => [{imeis => [imei(7, $tac)]}]}, $aigul);
ok Register::poll(5, sub { seen($typed->{number})->{checked} }), 'somebody else asks for one of them';
is_deeply [grep { $_ eq 'open_elsewhere' } @{seen($typed->{number})->{devices}[0]{findings}}], ['open_elsewhere'], '... and it is found';
my $twin = Bulk->new($p, $other)->send_whole(Register::lines($header, row(imei(5007, $tac)), row(imei(7000, $tac)), row(imei(7, $tac))));
is_deeply [map { "$_->{line} $_->{found}" } @{$twin->{errors}}], ['2 OPEN_ELSEWHERE', '4 OPEN_ELSEWHERE'], 'also by file';
Bulk->new($p, $other)->drop($twin->{id});
$p->ask('POST', "/api/v1/applications/$typed->{number}/withdraw", {}, $aigul);

# ---- two officers ----

is((at_desk($erlan, $n, 'decide', $yes))[1]{reason}, 'CLAIMED', 'first claim it');
is((at_desk($erlan, $n, 'claim'))[0], 200, 'claimed');
is((at_desk($erlan, $n, 'decide', {decisions => []}))[1]{reason}, 'USAGE', 'a file is decided as a whole');
is((at_desk($erlan, $n, 'decide', {}))[1]{reason}, 'USAGE', 'approved or refused');
sub events { my ($who, $path) = @_; return ($p->ask('GET', "/api/v1/$path/$n", undef, $who))[1] }
is((at_desk($dana, $n, 'confirm'))[1]{reason}, 'NO_PROPOSAL', 'nothing to confirm yet');
my (undef, $proposed) = at_desk($erlan, $n, 'decide', {%$yes, note => 'Накладная сверена'});
is_deeply [$proposed->{state}, $proposed->{file}{proposed}], ['checking', JSON::PP::true], 'one officer proposes';
is((at_desk($erlan, $n, 'decide', $yes))[1]{reason}, 'SAME_PERSON', '... and does not confirm');
is list(imei(7, $tac)), 'unknown', 'nothing is white yet';
is_deeply [map { $_->{note} } @{events($firm, 'applications')->{events}}], [''], 'what he wrote is not told before it is confirmed';
is_deeply [map { "$_->{act} $_->{by} $_->{note}" } @{events($dana, 'desk')->{remarks}}], ['proposed erlan Накладная сверена'], '... officers read it';
is((at_desk($erlan, $n, 'claim'))[1]{reason}, 'SAME_PERSON', 'he does not take it back to himself');
is((at_desk($erlan, $n, 'confirm'))[1]{reason}, 'SAME_PERSON', '... nor confirms by that address');
is((at_desk($dana, $n, 'return', {note => ''}))[1]{reason}, 'USAGE', 'returned with a word of why');
my (undef, $returned) = at_desk($dana, $n, 'return', {note => 'Где инвойс?'});
is_deeply [$returned->{state}, $returned->{file}{proposed}], ['checking', JSON::PP::false], '... it is with the first one again';
is((at_desk($dana, $n, 'confirm'))[1]{reason}, 'NO_PROPOSAL', '... and nothing waits');
at_desk($erlan, $n, 'decide', {%$yes, note => 'Инвойс сверен'});
is_deeply [map { $_->{act} } @{events($dana, 'desk')->{remarks}}], [qw(proposed returned proposed)], 'proposed once more';
my ($queued) = grep { $_->{number} eq $n } @{($p->ask('GET', '/api/v1/desk', undef, $dana))[1]{queue}};
is_deeply [@$queued{qw(second devices)}], [JSON::PP::true, 99], 'the queue says so';
is $r->run('suspend', '--mark', 'stolen', '--by', 'ДП Алматы', '--order', '17', imei(60, $tac))->{code}, 0, 'one is stolen meanwhile';
my (undef, $deciding) = at_desk($dana, $n, 'confirm');
is $deciding->{state}, 'deciding', 'another confirms';
is $deciding->{events}[-1]{note}, 'Инвойс сверен', '... and the applicant is told what the first one wrote';
ok Register::poll(20, sub { ($p->ask('GET', "/api/v1/applications/$n", undef, $firm))[1]{state} eq 'approved' }), 'approved';
my (undef, $done) = $p->ask('GET', "/api/v1/applications/$n", undef, $firm);
is_deeply [@{$done->{file}}{qw(devices approved left_out)}], [99, 98, 1], 'but for one that was left out';
is_deeply [map { reason(imei($_, $tac)) } 1, 3, 5003, 60, 5060], ['VERIFIED', 'VERIFIED', 'VERIFIED', 'STOLEN', 'NEVER_ACTIVATED'], 'white as devices: both IMEIs or none';
ok Register::poll(3, sub { list(imei(99, $tac)) eq 'white' }), 'and so the index';
my ($code, undef, $h, $csv) = $p->ask('GET', "/api/v1/applications/$n/devices.csv", undef, $firm);
my @lines = split /\r\n/, $csv;
is scalar @lines, 100, 'what became of each';
is $lines[1], '2,' . imei(1, $tac) . ',' . imei(5001, $tac) . ',,,approved,,,white', '... approved ones';
like((grep { /^61,/ } @lines)[0], qr/,refused,MARKED,[^,]+,black$/, '... and why one is not');
is((($p->ask('GET', "/api/v1/applications/$n/devices.csv", undef, $other))[0]), 404, '... nobody else\'s');
is((($p->ask('GET', "/api/v1/desk/$n/devices.csv", undef, $dana))[0]), 200, '... an officer\'s');
is((at_desk($dana, $n, 'decide', $yes))[1]{reason}, 'NOT_NOW', 'decided once');

# ---- refused, withdrawn, small ----

sub filed {
    my (@imeis) = @_;
    my $up = $b->send_whole(Register::lines($header, map { row($_) } @imeis));
    my (undef, $app) = file($firm, upload => $up->{id});
    checked($app->{number});
    return $app->{number};
}
my $w = filed(imei(900, $tac), map { imei(8000 + $_, $tac) } 1 .. 30);
is held(imei(900, $tac)), 'held', 'held';
is((($p->ask('POST', "/api/v1/applications/$w/withdraw", {}, $firm))[1]{state}), 'withdrawn', 'taken back');
ok Register::poll(5, sub { held(imei(900, $tac)) eq 'grey' }), '... the hold ends';
$w = filed(imei(900, $tac), map { imei(8000 + $_, $tac) } 1 .. 30);
is held(imei(900, $tac)), 'grey', 'a ground holds once';
at_desk($erlan, $w, 'claim');
is((at_desk($erlan, $w, 'decide', {refusal => 'NO_BORDER'}))[1]{reason}, 'USAGE', 'a reason of the catalogue');
is((at_desk($erlan, $w, 'decide', {refusal => 'DOC_UNREADABLE', note => 'Скан'}))[1]{state}, 'refused', 'one officer refuses');
(undef, my $ref) = $p->ask('GET', "/api/v1/applications/$w", undef, $firm);
is $ref->{file}{refusal}, 'DOC_UNREADABLE', '... with a reason';
ok length $ref->{file}{refusal_text}, '... in words';
is((($p->ask('POST', "/api/v1/applications/$w/appeal", {note => 'Вот'}, $firm))[1]{state}), 'checking', 'appealed');
checked($w);
is((at_desk($erlan, $w, 'claim'))[1]{reason}, 'SAME_PERSON', '... to another officer');
at_desk($dana, $w, 'claim');
at_desk($dana, $w, 'decide', $yes);
is((at_desk($dana, $w, 'decide', $yes))[1]{reason}, 'SAME_PERSON', '... who does not decide alone either');
my $small = filed(map { imei(8100 + $_, $tac) } 1 .. 20);
at_desk($erlan, $small, 'claim');
is((at_desk($erlan, $small, 'decide', $yes))[1]{state}, 'deciding', 'twenty devices: one officer decides');
ok Register::poll(10, sub { list(imei(8120, $tac)) eq 'white' }), 'white';

# ---- killed while it is entered ----

my $many = 40_000;
my $great = $b->send_whole(Register::lines($header, map { row(imei($_, '35267706'), imei($_ + 500_000, '35267706')) } 1 .. $many));
my (undef, $g) = file($firm, upload => $great->{id});
my $kills = 0;
sub again { sleep rand $_[0]; Register::stop($p->{server}{pid}, 'KILL'); $p->serve; $kills++; return }
again(0.3);
checked($g->{number});
at_desk($erlan, $g->{number}, 'claim');
at_desk($erlan, $g->{number}, 'decide', $yes);
again(0.1);
at_desk($dana, $g->{number}, 'decide', $yes);
again(0.1 + 0.2 * $_) for 1 .. 4;
ok Register::poll(60, sub { (($p->ask('GET', "/api/v1/applications/$g->{number}", undef, $firm))[1]{state} // '') eq 'approved' }), "approved after $kills kills";
my @sample = map { 1 + int rand $many } 1 .. 20;
ok Register::poll(10, sub { list(imei($many + 500_000, '35267706')) eq 'white' }), 'visible';
is scalar(grep { list(imei($_, '35267706')) eq 'white' && list(imei($_ + 500_000, '35267706')) eq 'white' } @sample, 1, $many), 22, 'all white';
my ($page, $after, $seen) = (0, 0, 0);
while (defined $after && $page < 10) {
    my (undef, undef, $headers, $text) = $p->ask('GET', "/api/v1/applications/$g->{number}/devices.csv?after=$after", undef, $firm);
    $seen += () = $text =~ /,approved,,,white\r\n/g;
    ($after) = $headers =~ /^Link: <\?after=(\d+)>; rel="next"\r?$/m;
    $page++;
}
is "$seen in $page", "$many in 2", 'each told, by pages';
my (undef, undef, undef, $tables) = $p->ask('GET', "/cabinet/$g->{number}", undef, $firm);
like $tables, qr{/devices\.csv">.*?/devices\.csv\?after=20001">}s, 'its page has both tables' or diag $tables;
Register::stop($p->{server}{pid});
my $history = $r->run('--json', 'journal', 'show', '--imei', imei($sample[0], '35267706'))->{out};
is scalar(() = $history =~ /"change":"verified"/g), 1, 'each entered once' or diag $history;
ok $r->whole, 'the register is whole';
done_testing;
