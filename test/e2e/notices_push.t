#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# notices_push - notices over HTTP to an operator who fails, hangs, cuts off, answers twice and refuses, or whose certificate nobody
# vouches for; each reaches him under one id, whoever is killed (SIGKILL) meanwhile; his receipts are counted once, and only his;
# the server shows its figures.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use FreeDiameter;
use IPC::Open2;
use Register;
use Test::More;

my $r = Register->new(now => '2026-03-10T07:00:00Z'); # noon
sub ok_run { my ($say, @words) = @_; my $did = $r->run(@words); is $did->{code}, 0, $say or diag $did->{err}; return $did }
sub row { my ($n) = @_; return sprintf '%s,4010100000%05d,7701%07d,004', substr(imei($n), 0, 14), $n, $n }
my $feed = $r->file('feed.csv', lines('date,imei,imsi,msisdn,rat', map { '2026-03-10,' . row($_) } 1 .. 40));
ok_run('a feed', 'feed', 'load', '--operator', 'Altel', '--accept', 'all', '--reason', 'test', $feed);

my ($log, $mode) = ($r->path('said.log'), $r->path('mode'));
my $pid = open2(my $peer_out, my $peer_in, $^X, 'test/peers/operator.pl', $log, $mode);
chomp(my $port = <$peer_out>);
sub mode { spew($mode, "$_[0]\n"); return }
sub said { return map { json($_) } split /\n/, slurp($log) }
sub push_it { my (@prefix) = @_; my $did = $r->run({prefix => \@prefix}, '--json', 'notices', 'send'); return ($did->{code}, {why => $did->{err}, $did->{out} ? %{json($did->{out})} : ()}) }
sub status { return json($r->run('--json', 'notices', 'status', '--operator', 'Altel')->{out}) }

my $token = $r->file('altel.token', "s3cret\n");
ok_run('a channel', 'notices', 'channel', '--operator', 'Altel', '--road', 'http', '--url', "http://127.0.0.1:$port/sms", '--token-file', $token);
ok_run('the address', 'notices', 'set', '--site', 'imei.example.kz');
is json(ok_run('made', '--json', 'notices', 'due')->{out})->{made}, 40, 'forty';

# --- an operator who does not take them ---

for my $bad ('503', '401', '404', '429', 'cut') {
    mode($bad);
    my ($code, $p) = push_it();
    is $code, 1, "$bad: something is left";
    is $p->{sent}, 0, '... nothing is sent';
}
is status()->{waiting}, 40, 'all wait';
mode('hang');
my ($code, $p) = push_it();
is $code, 1, 'one who hangs is left in time';
{
    local $r->{now} = '2026-03-10T17:00:00Z';
    mode('200');
    my $before = () = said();
    ($code, $p) = push_it();
    ok $p->{quiet}, 'nobody is written to at 22:00';
    is scalar(my @now = said()), $before, '... nothing went out';
}

# --- one by https whose certificate is none for him: not a byte of a request leaves ---

# with: the certificate and key that he shows. Returns (code, what the push says, what the door saw of it).
my ($ca, $doors) = ($r->path('ca'), 0);
sub push_to_door {
    my ($cert, $key, @prefix) = @_;
    my $seen = $r->path('door' . ++$doors);
    my $door = open2(my $out, my $in, 'python3', 'test/peers/tls_door.py', $cert, $key, $port, $seen);
    chomp(my $at = <$out> // '');
    ok_run('an https address', 'notices', 'channel', '--operator', 'Altel', '--road', 'http', '--url', "https://localhost:$at/sms", '--token-file', $token);
    my ($code, $p) = push_it(@prefix);
    poll(10, sub { slurp($seen) =~ /\n/ });
    close $in;
    waitpid $door, 0;
    return ($code, $p, map { json($_) } split /\n/, slurp($seen));
}

sub refused_ok {
    my ($say, @with) = @_;
    my $before = () = said();
    my ($code, $p, @seen) = push_to_door(@with);
    is $code, 1, "$say: something is left";
    is_deeply [@$p{qw(tries sent refused failed waiting)}], [1, 0, 0, 1, JSON::PP::true], '... one try, nothing is sent, refused by nobody' or diag explain $p;
    like $p->{why}, qr/^not answered: Altel: .*certificate/m, '... and it is told why';
    is_deeply [map { $_->{bytes} } @seen], [0], '... he was called, and heard nothing' or diag explain \@seen;
    is scalar(my @now = said()), $before, '... nor who stands behind him';
    is_deeply [@{status()}{qw(made handed_over failed late waiting)}], [40, 0, 0, 0, 40], '... all wait';
    return;
}

mode('200'); # whoever came through would be told "taken"
FreeDiameter::authority($ca);
FreeDiameter::certificate($ca, $_) for qw(localhost sms.altel.example);
FreeDiameter::openssl($ca, 'req -x509 -newkey rsa:2048 -nodes -keyout self.key -out self.pem -days 3 -subj "/CN=localhost" -addext subjectAltName=DNS:localhost');
refused_ok('who vouches for himself', "$ca/self.pem", "$ca/self.key");
refused_ok('of an authority that the machine does not know', "$ca/localhost.pem", "$ca/localhost.key");
SKIP: {
    # The machine's authorities are one file; here, for the program alone, ours stands in its place.
    my $all = '/etc/ssl/certs/ca-certificates.crt';
    my @trusting = ('unshare', '--user', '--map-current-user', '--keep-caps', '--mount', 'sh', '-c', "mount --bind $ca/ca.pem $all && exec \"\$@\"", 'sh');
    skip 'no mount namespace here', 10 unless -e $all && system("@trusting[0 .. 4] mount --bind $ca/ca.pem $all 2>/dev/null") == 0;
    refused_ok('of a known authority, for another name', "$ca/sms.altel.example.pem", "$ca/sms.altel.example.key", @trusting);
    mode('503');
    my $before = () = said();
    my (undef, $p, @seen) = push_to_door("$ca/localhost.pem", "$ca/localhost.key", @trusting);
    cmp_ok $seen[0]{bytes} // 0, '>', 1000, 'for his own name: he hears it' or diag explain \@seen;
    is scalar(my @now = said()), $before + 1, '... and answers';
    is status()->{waiting}, 40, '... that he cannot now';
}
ok_run('the address again', 'notices', 'channel', '--operator', 'Altel', '--road', 'http', '--url', "http://127.0.0.1:$port/sms", '--token-file', $token);

# --- one who refuses one of them ---

my $wrong = sprintf '4010100000%05d', 7;
mode("bad $wrong");
($code, $p) = push_it();
is $code, 0, 'the others go';
is_deeply [@$p{qw(sent refused)}], [39, 1], 'and one is refused';
my %ids;
my @all = said();
for my $request (@all) { $ids{$request->{imsis}[$_]}{$request->{ids}[$_]}++ for 0 .. $#{$request->{ids}} }
is scalar(grep { keys %$_ != 1 } values %ids), 0, 'each has had one id in all tries';
is scalar(keys %ids), 40, 'of forty';
like $all[0]{key}, qr/^"[0-9a-f]{20}-[0-9a-f]{16}"$/, 'with a key';
is $all[0]{key}, $all[1]{key}, 'the same for the same';
is $all[0]{authorization}, 'Bearer s3cret', 'and his token';
is_deeply [sort keys %{$all[0]{first}}], [qw(id imei imsi last_day list msisdn public_reason send_by step text)], 'what is said';
is_deeply [sort keys %{$all[0]{first}{text}}], [qw(en kk ru)], 'in three languages';
is_deeply [@{status()}{qw(made handed_over failed waiting)}], [40, 39, 1, 0], 'how it stands';
is +(push_it())[1]{tries}, 0, 'nothing more';

# --- a server makes and pushes; it is killed in the middle ---

mode('twice');
$r->{now} = '2026-03-26T07:00:00Z';
my $server = $r->serve;
ok poll(20, sub { status()->{handed_over} == 79 }), 'the server makes what is due, and pushes it' or diag explain status();
is status()->{made}, 80, 'two weeks before: of all forty';
mode('503');
$r->{now} = '2026-04-02T07:00:00Z';
my $next = $r->serve;
ok poll(20, sub { status()->{made} == 120 }), 'the next step';
Register::stop($server->{pid}, 'KILL'); # each of them in the middle of its tries
Register::stop($next->{pid}, 'KILL');
mode('200');
my $after = $r->serve;
ok poll(20, sub { status()->{waiting} == 0 }), 'whoever comes next sends it' or diag explain status();
is status()->{handed_over}, 119, 'each is counted once';
my %seen;
$seen{$_}++ for map { @{$_->{ids}} } said();
is scalar(keys %seen), 120, 'a hundred and twenty ids, no more';

# --- receipts ---

my $key = json($r->run('--json', 'user', 'key', 'create', '--name', 'Altel/sms', '--scope', 'notices')->{out})->{key};
my $other = json($r->run('--json', 'user', 'key', 'create', '--name', 'Kcell', '--scope', 'notices')->{out})->{key};
my $check = json($r->run('--json', 'user', 'key', 'create', '--name', 'shop', '--scope', 'check')->{out})->{key};
my @words;
sub report {
    my ($key, @lines) = @_;
    my ($status, $body) = Register::http($after, 'POST', '/api/v1/notices/receipts', {Authorization => "Bearer $key", 'Content-Type' => 'application/x-ndjson'}, join '', map { "$_\n" } @lines);
    return {status => $status, body => $body};
}
sub metrics { my ($status, $body) = Register::http($after, 'GET', '/metrics'); return $body // '' }
sub word { my ($id, $status, $time) = @_; return qq({"id":"$id","status":"$status","time":"$time"}) }
my @some = (sort keys %seen)[50 .. 54];
my @said = (word($some[0], 'delivered', '2026-03-26T08:00:00Z'), word($some[1], 'failed', '2026-03-26T08:00:00Z'), word($some[2], 'unknown_number', '2026-03-26T08:00:00Z'), word('0' x 20, 'delivered', '2026-03-26T08:00:00Z'), '{"id":1}', word($some[3], 'delivered', '2036-03-26T08:00:00Z'));
ok poll(5, sub { report($key, $said[0])->{status} == 200 && report($other, $said[0])->{status} == 200 && report($check, $said[0])->{status} == 403 }), 'the keys are known';
my $told = json(report($key, @said)->{body});
is_deeply [@$told{qw(taken known refused_count)}], [2, 1, 3], 'taken or refused one by one' or diag explain $told;
is_deeply [map { "$_->{line} $_->{reason}" } @{$told->{refused}}], ['5 LINE', '6 TIME_AHEAD', '4 NOT_FOUND'], 'and why';
is json(report($key, @said)->{body})->{known}, 3, 'the same again changes nothing';
is json(report($key, word($some[1], 'delivered', '2026-03-26T09:00:00Z'))->{body})->{taken}, 1, 'a later word stands';
is json(report($other, $said[0])->{body})->{refused_count}, 1, "no word on another's";
is report($check, $said[0])->{status}, 403, 'not with any key';
is_deeply [@{status()}{qw(delivered failed unknown_number)}], [2, 1, 1], 'counted';
ok poll(10, sub { metrics() =~ /^tamga_notices_delivered_total\{operator="Altel"\} 2$/m }), 'and in /metrics' or diag(metrics() =~ /(tamga_notices.*)/s);
like metrics(), qr/^tamga_notices_waiting\{operator="Altel"\} 0$/m, 'with what waits';

# --- the list over HTTP, of an operator who takes files ---

sub list { my ($key, $target) = @_; return Register::http($after, 'GET', "/api/v1/lists/$target", {Authorization => "Bearer $key"}) }
is +(list($key, 'Altel/notify'))[0], 404, 'not of one who is pushed to';
is +(list($other, 'Altel/notify'))[0], 403, "not another's";
ok_run('a channel', 'notices', 'channel', '--operator', 'Kcell', '--road', 'file', '--plmn', '40101');
ok_run('Altel has none any more', 'notices', 'channel', '--operator', 'Altel', '--road', 'none');
$r->{now} = '2026-04-06T07:00:00Z';
is json(ok_run('three days before', '--json', 'notices', 'due')->{out})->{steps}{DAYS_3}, 40, 'of forty, who are Kcell\'s now';
my ($code2, $text) = list($other, 'Kcell/notify');
is $code2, 200, 'the list';
like $text, qr/^#tamga-list version=1 layout=tamga kind=notify form=full .* rows=40 .* operator=Kcell$/m, 'of forty';
my ($cursor) = $text =~ / cursor=(\S+) /;
like +(list($other, "Kcell/notify?since=$cursor"))[1], qr/form=delta .* rows=0 /, 'then nothing new';
is +(list($other, 'Kcell/notify?since=7-0123456789abcdef'))[0], 409, 'a cursor that is none';

close $peer_in;
waitpid $pid, 0;
done_testing;
