#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# lists_http - lists for operators over HTTP: each key for its own operator alone, full lists with entity tags and
# parts, deltas, an urgent one that is waited for while a theft order comes in, cursors that are none, receipts, and
# what the server and the shell say of who is late.
use strict;
use warnings;
use FindBin;
use IO::Socket::INET;
use lib $FindBin::Bin;
use Register;
use Test::More;
use Time::HiRes qw(time sleep);

my $r = Register->new(now => '2026-03-10T07:00:00Z');
sub body { return substr imei(@_), 0, 14 }
sub suspend { my ($n) = @_; return $r->run('suspend', '--mark', 'stolen', '--by', 'police', '--order', "o$n", imei($n))->{code} }
sub key { my ($name, $scope) = @_; return json($r->run('--json', 'user', 'key', 'create', '--name', $name, '--scope', $scope)->{out})->{key} }

is suspend(1), 0, 'a register';
my %keys = (altel => key('Altel/core', 'lists'), kcell => key('Kcell', 'lists'), node => key('Altel', 'feed'));
my $server = $r->serve;

sub ask {
    my ($who, $method, $target, $body, %headers) = @_;
    $headers{Authorization} = "Bearer $keys{$who}" if $who;
    $headers{'Content-Type'} //= 'application/json' if defined $body;
    return Register::http($server, $method, "/api/v1/lists/$target", \%headers, $body);
}
sub reason { my ($status, $text) = @_; return "$status " . (eval { json($text)->{reason} } // '-') }
sub rows { return [grep { !/^(#|imei,)/ } split /\n/, $_[0]] }

# --- who may ---

ok poll(5, sub { (ask('altel', 'GET', 'Altel/black'))[0] == 200 }), 'the server takes the key';
is reason(ask('', 'GET', 'Altel/black')), '401 KEY', 'nobody without a key';
is reason(ask('node', 'GET', 'Altel/black')), '403 SCOPE', 'no key for something else';
is reason(ask('kcell', 'GET', 'Altel/black')), '403 SCOPE', 'no other operator';
is reason(ask('altel', 'GET', 'Alte%6C/black')), '200 -', 'the name may be encoded';
is reason(ask('altel', 'GET', 'Altel/grey')), '404 NOT_FOUND', 'no list of that name';

# --- full ---

my ($status, $text, $head) = ask('altel', 'GET', 'Altel/black');
is_deeply rows($text), [body(1) . ',STOLEN,2026-03-10'], 'a full list';
like $head, qr{^Content-Type: text/csv}m, 'its media type';
my ($tag) = $head =~ /^ETag: (\S+?)\r?$/m;
my ($cursor) = $text =~ /^#tamga-list .* cursor=(\S+) /;
is +(ask('altel', 'GET', 'Altel/black', undef, 'If-None-Match' => $tag))[0], 304, 'it has not changed';
my ($part, $half) = ask('altel', 'GET', 'Altel/black', undef, Range => 'bytes=10-19', 'If-Range' => $tag);
is_deeply [$part, $half], [206, substr $text, 10, 10], 'a part of it';
($status, my $packed, $head) = ask('altel', 'GET', 'Altel/black?pack=gz');
is unpack('H4', $packed), '1f8b', 'packed';
is reason(ask('altel', 'GET', 'Altel/black?pack=rar')), '400 USAGE', 'not by everything';
is_deeply rows((ask('altel', 'GET', 'Altel/white'))[1]), [], 'white, where somebody wants it';

# --- deltas ---

is_deeply rows((ask('altel', 'GET', "Altel/black?since=$cursor"))[1]), [], 'nothing new';
is reason(ask('altel', 'GET', 'Altel/black?since=3-0123456789abcdef')), '409 LIST_CURSOR', 'a cursor of another register';
is reason(ask('altel', 'GET', 'Altel/black?since=x')), '400 USAGE', 'no cursor';
is reason(ask('altel', 'GET', "Altel/black?since=$cursor&wait=56")), '400 NUMBER', 'too long a wait';

# Somebody waits; the order comes; he hears.
my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $server->{port}) or die $!;
print $socket "GET /api/v1/lists/Altel/black?since=$cursor&wait=50 HTTP/1.1\r\nHost: t\r\nConnection: close\r\n",
  "Authorization: Bearer $keys{altel}\r\n\r\n";
ok poll(5, sub { (Register::http($server, 'GET', '/metrics'))[1] =~ /^tamga_feed_waiters 1$/m }), 'he waits';
my $began = time;
is suspend(2), 0, 'a theft order, of another process';
my $answer = do { local $/; <$socket> };
my $took = time - $began;
like $answer, qr/^@{[body(2)]},added,,,STOLEN,2026-03-10$/m, 'the urgent delta';
ok $took < 20, sprintf 'within a minute of the order by far (%.1f s)', $took;
my ($next) = $answer =~ /^#tamga-list .* cursor=(\S+) /m;

# --- receipts ---

my ($ok, $said) = ask('altel', 'POST', 'Altel/receipts', qq({"list":"black","cursor":"$cursor"}));
is $ok, 200, 'a receipt' or diag $said;
is json($said)->{waiting}, 1, 'one change is not applied';
like +(Register::http($server, 'GET', '/metrics'))[1], qr/^tamga_list_waiting\{operator="Altel",list="black"\} 1$/m, 'the server says so';
is reason(ask('kcell', 'POST', 'Altel/receipts', qq({"list":"black","cursor":"$cursor"}))), '403 SCOPE', 'nobody for another';
is reason(ask('altel', 'POST', 'Altel/receipts', qq({"list":"grey","cursor":"$cursor"}))), '400 USAGE', 'of no other list';
is reason(ask('altel', 'POST', 'Altel/receipts', '{"list":"black","cursor":"9999999-0123456789abcdef"}')), '409 LIST_CURSOR', 'nor of what never was';
my $stands = json($r->run('--json', 'lists', 'receipts')->{out});
is_deeply [@$stands{qw(operator list waiting)}], ['Altel', 'black', 1], 'the shell says the same';
$r->now('2026-03-12T07:00:00Z');
my $late = $r->run('lists', 'receipts');
is $late->{code}, 1, 'two days later it is an alarm';
like $late->{out}, qr/LATE/, 'in words';
is $r->run('lists', 'receipt', '--operator', 'Altel', '--cursor', $next)->{code}, 0, 'a receipt by the shell';
is json($r->run('--json', 'lists', 'receipts')->{out})->{waiting}, 0, 'all is applied';
is $r->run('lists', 'receipts')->{code}, 0, 'and nobody is late';
ok poll(15, sub { (Register::http($server, 'GET', '/metrics'))[1] =~ /^tamga_list_waiting\{operator="Altel",list="black"\} 0$/m }), 'the server hears of it';

is Register::stop($server->{pid}), 0, 'the server ends in order';

# --- no place for them ---

my $file = $r->file('file', 'x');
$r->settings('[serve]', "lists = $file/lists");
$server = $r->serve;
is +(Register::http($server, 'GET', '/healthz'))[0], 200, 'where lists cannot stand, all else goes on';
like Register::slurp("$r->{dir}/serve.err"), qr/^event=lists_off /m, '... and it is said';
is +(ask('altel', 'GET', 'Altel/black'))[0], 503, 'the lists are not there';
is Register::stop($server->{pid}), 0, 'the server ends in order';
done_testing;
