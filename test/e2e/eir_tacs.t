#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# eir_tacs - nodes that hold some TACs alone, beside the real register: what its file says and who is refused by it, what
# is answered inside and outside on both faces, what the log, the counters and the register hear of it; other ranges by
# SIGHUP, by a restart, without the register; so many sets at a register and no more.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Diameter;
use Eir;
use FreeDiameter;
use Register;
use Test::More;

plan skip_all => 'no curl' if system('command -v curl >/dev/null');

use constant {INSIDE => 35735007, NEAR => 86000001, OUTSIDE => 99000001};
my $ranges = '35735007,86000000-86000999';
my $written = '35735007-35735007,86000000-86000999';

my $r = Register->new(backend => 'sqlite');
my $dir = $r->dir;
sub ran { my ($name, @words) = @_; my $got = $r->run(@words); is $got->{code}, 0, $name or diag $got->{err}; return $got }
sub stolen { my ($n, $tac) = @_; return ran("stolen: $n of $tac", 'suspend', '--mark', 'stolen', '--by', 'police', '--order', $n, imei($n, $tac)) }
ran('phones of three makers', 'import', 'amnesty', $r->file('amnesty.txt', lines('imei', map { my $tac = $_; map { imei($_, $tac) } 1 .. 50 } INSIDE, NEAR, OUTSIDE)));
stolen(2, INSIDE);
stolen(3, NEAR);
stolen(4, OUTSIDE);
my $key = $r->path('node.key');
ran('a node', 'node', 'add', '--out', $key, 'alpha');
my ($api_key) = slurp($key) =~ /^api_key=(\S+)$/m;

# --- the file ---

my $part = $r->path('part.tgix');
my $said = json(ran('a part', '--json', 'snapshot', 'write', '--tacs', $ranges, $part)->{out});
is $said->{imeis}, 100, 'of its TACs alone';
ran('the whole', 'snapshot', 'write', $r->path('whole.tgix'));
sub head_of { my ($bytes) = @_; my ($version) = unpack 'x4 V', $bytes; my ($n) = unpack 'x232 V', $bytes; return ($version, join ',', map { sprintf '%08d-%08d', unpack 'V2', substr $bytes, 240 + 8 * $_, 8 } 0 .. $n - 1) }
is_deeply [head_of(slurp($part))], [3, $written], 'its header says which';
is_deeply [head_of(slurp($r->path('whole.tgix')))], [2, ''], 'the whole is as it was';
like $r->run('snapshot', 'write', '--tacs', '3573500', $r->path('x'))->{err}, qr/want TACs of 8 digits/, 'no TAC';
is $r->run('snapshot', 'write', '--tacs', '', $r->path('x'))->{code}, 2, 'none';
ok !-e $r->path('x'), 'nothing was written';

sub words { return ($Eir::program, '--key', $key, '--diameter', '127.0.0.1:0', '--metrics', '127.0.0.1:0', map { ('--set', $_) } 'node.threads=1', @_) }
sub checked { my $out = $r->path('n.out'); my $code = system(join(' ', map { "'$_'" } words(@_), '-n') . " >$out 2>&1") >> 8; return ($code, slurp($out)) }
my ($code, $text) = checked("node.snapshot=$part", "node.tacs=$ranges");
is $code, 0, '-n takes it for these ranges' or diag $text;
is +(checked("node.snapshot=$part", 'node.tacs=86000001'))[0], 0, '... and for fewer';
for my $more ([], ['node.tacs=35735007-35735008'], ["node.tacs=$ranges", 'node.tacs=99000001']) {
    ($code, $text) = checked("node.snapshot=$part", @$more);
    is $code, 2, "... and refuses it for @{[@$more ? qq(@$more) : 'all']}";
    like $text, qr/node\.snapshot.*it holds TAC \Q$written\E, which is less than is wanted/s, '... which it says';
}
is +(checked("node.snapshot=$part", 'node.tacs=1-2'))[0], 2, 'no ranges';
($code, $text) = checked("node.snapshot=$part", 'node.tacs=' . join ',', map { 10000000 + 2 * $_ } 1 .. 33);
like $text, qr/node\.tacs.*at most 32 ranges/s, 'too many';
is +(checked("node.snapshot=$part", "node.tacs=$ranges", 'node.outside=no'))[0], 2, 'nothing to say of the others';
my $refused = $r->path('refused.log');
is Eir::launch($refused, words("node.snapshot=$part")), undef, 'a start does not take a part for the whole';
like slurp($refused), qr/less than is wanted/, '... and says so';

# --- the register ---

my $server = $r->serve;
sub get { my ($target, %headers) = @_; return Register::http($server, delete $headers{method} // 'GET', $target, {Authorization => "Bearer $api_key", %headers}) }
ok poll(10, sub { (get('/api/v1/feed'))[0] == 200 }), 'the server takes the key';
my ($status, $body, $head) = get("/api/v1/snapshot?tacs=$ranges");
is $status, 200, 'it gives a part' or diag $body;
is_deeply [head_of($body)], [3, $written], '... of these';
my ($name) = $head =~ m{^Content-Location: (/api/v1/snapshots/\S+?)\r?$}m;
is +(get($name))[1], $body, '... under a name that means these bytes';
my ($tag) = $head =~ /^ETag: (\S+?)\r?$/m;
is +(get('/api/v1/snapshot?tacs=86000000-86000999,35735007-35735007', 'If-None-Match' => $tag))[0], 304, 'the same set by other words is the same file';
is +(get("/api/v1/snapshot?tacs=$ranges", Range => 'bytes=100-', 'If-Range' => $tag))[1], substr($body, 100), 'and in parts';
is_deeply [head_of((get('/api/v1/snapshot?tacs=00000000-99999999'))[1])], [2, ''], 'all is the whole';

# --- a node ---

my ($s13, $h2, $metrics) = FreeDiameter::free_ports(3);
my $ini = $r->path('eir.ini');
my $log = $r->path('eir.log');
sub settings {
    my ($register, @lines) = @_;
    spew($ini, lines('[node]', "registry = http://127.0.0.1:$register", "directory = $dir/eir", "key = $key", 'threads = 1', @lines, '[s13]', "listen = 127.0.0.1:$s13", 'identity = eir.mnc077.example', 'realm = mnc077.example', 'peers = *',
        '[n5geir]', "listen = 127.0.0.1:$h2", '[metrics]', "listen = 127.0.0.1:$metrics", '[log]', "file = $dir/checks.log", 'white = yes'));
}
sub launch { my $node = Eir::launch($log, $Eir::program, '--settings', $ini); ok $node, 'a node is ready' or BAIL_OUT(slurp($log)); return $node }
settings($server->{port}, 'tacs = 35735007', 'tacs = 86000000-86000999'); # a line each
my $node = launch();
my $mme;
sub ends { $mme->part; is $node->end, 0, 'a clean end' }
sub greet { $mme = Diameter->new(port => $s13); return $mme->greet }
sub s13 { my ($n, $tac, %more) = @_; return Diameter::said($mme->ask(imei => substr(imei($n, $tac), 0, 14), %more)) }
sub n5g { my ($n, $tac, $supi) = @_; my $url = "http://127.0.0.1:$h2/n5g-eir-eic/v1/equipment-status?pei=imei-" . imei($n, $tac) . ($supi ? "&supi=imsi-$supi" : ''); my $got = `curl -s --http2-prior-knowledge -w ' %{http_code}' '$url'`; return lc(($got =~ /"status":"(\w+)LISTED"/)[0] // ($got =~ / (\d+)\z/)[0]) }
sub both { return [s13(@_[0, 1], $_[2] ? (imsi => $_[2]) : ()), n5g(@_)] }
my ($home, $foreign) = qw(401011111111111 250011111111111);
greet();
is $node->metric('tamga_eir_imeis'), 100, 'it holds its part';
is_deeply both(1, INSIDE), [qw(white white)], 'inside: white';
is_deeply both(2, INSIDE), [qw(black black)], '... black';
is_deeply both(3, NEAR), [qw(black black)], '... of the other range';
is_deeply both(900000, NEAR, $home), [qw(grey grey)], '... unknown, and to be reported';
is_deeply both($_, OUTSIDE, $home), [qw(grey grey)], 'outside: served and watched' for 1, 4, 900000;
is_deeply both(4, OUTSIDE, $foreign), [qw(white white)], '... a roamer is let in';
ok poll(10, sub { $node->metric('tamga_eir_sightings_sent_total') == 1 }), 'one first use is told: of what is outside none';
is $node->metric('tamga_eir_checks_total{face="s13",peer="*",what="outside"}'), 3, 'they are counted on S13'
  or diag +(Register::http({port => $metrics}, 'GET', '/metrics'))[1] =~ /^(.*what="outside".*)$/mg;
my $figures = (Register::http({port => $metrics}, 'GET', '/metrics'))[1];
like $figures, qr/^tamga_eir_checks_total\{face="n5g",[^}]*what="outside"\} 3$/m, '... and on N5g-eir';
like $figures, qr/^tamga_eir_tacs\{held="\Q$written\E"\} 1$/m, '/metrics says the ranges';
my $health = json((Register::http({port => $metrics}, 'GET', '/healthz'))[1]);
is_deeply [@$health{qw(status tacs)}, $health->{tacs_missing} ? 1 : 0], ['ok', $written, 0], '... and /healthz';
ok poll(5, sub { slurp("$dir/checks.log") =~ /imei=99000001-\S+ sv=\S+ imsi=\S+ status=grey list=- reason=OUTSIDE rule=-/ }), 'the check log does not say that it knew' or diag slurp("$dir/checks.log");

stolen(5, INSIDE);
ok poll(5, sub { s13(5, INSIDE) eq 'black' }), 'a theft inside is heard';
my $sequence = $node->metric('tamga_eir_sequence');
stolen(6, OUTSIDE);
ok poll(5, sub { $node->metric('tamga_eir_applied') > $sequence && $node->metric('tamga_eir_behind_items') == 0 }), 'one outside moves it on';
is s13(6, OUTSIDE), 'grey', '... and is not known';
is $node->metric('tamga_eir_imeis'), 101, '... nor held';

# --- other ranges ---

settings($server->{port}, 'tacs = 35735007, 99000000-99999999', 'outside = unknown');
kill 'HUP', $node->{pid};
ok poll(20, sub { s13(6, OUTSIDE) eq 'black' }), 'after a reload it holds others';
is_deeply both(4, OUTSIDE), [qw(black black)], '... which answer';
is_deeply both(5, INSIDE), [qw(black black)], '... beside what stayed';
is_deeply both(3, NEAR), [qw(unknown 404)], '... and what it does not hold hears the other word';
ok poll(5, sub { $node->metric('tamga_eir_tacs_missing') == 0 }), '... nothing is missing';
my $wrong = slurp($ini) =~ s/tacs = .*/tacs = 12/r;
spew($ini, $wrong);
kill 'HUP', $node->{pid};
ok poll(5, sub { slurp($log) =~ /level=alarm event=reload .*want TACs of 8 digits/ }), 'wrong ranges are told';
is_deeply both(4, OUTSIDE), [qw(black black)], '... and change nothing';
ends();

settings($server->{port}, 'tacs = 99000001');
$node = launch();
greet();
is_deeply both(4, OUTSIDE), [qw(black black)], 'a start with fewer answers at once';
ok poll(20, sub { $node->metric('tamga_eir_imeis') == 50 }), '... and comes to hold no more than them';
is_deeply both(5, INSIDE), [qw(grey grey)], '... the rest is outside';
ends();

# --- wider, and the register away ---

my ($closed) = FreeDiameter::free_ports(1);
settings($closed); # all
$node = launch();
greet();
is_deeply both(4, OUTSIDE), [qw(black black)], 'without the register it answers from what it kept';
is_deeply both(2, INSIDE), [qw(grey grey)], '... and does not take that for the whole';
is $node->metric('tamga_eir_tacs_missing'), 1, '... it says what is missing';
like slurp($log), qr/level=alarm event=tacs_missing/, '... and alarms';
ends();
settings($server->{port});
$node = launch();
greet();
ok poll(20, sub { s13(2, INSIDE) eq 'black' }), 'with it, it comes to hold all';
is_deeply [map { both($_->[0], $_->[1]) } [2, INSIDE], [3, NEAR], [6, OUTSIDE]], [([qw(black black)]) x 3], '... of every maker';
is $node->metric('tamga_eir_tacs_missing'), 0, '... nothing is missing';
ends();

# --- so many sets ---

sub node_key { my ($name) = @_; my $file = $r->path("$name.key"); ran("a node of $name", 'node', 'add', '--out', $file, $name); return $file }
sub api_key { my ($file) = @_; return (slurp($file) =~ /^api_key=(\S+)$/m)[0] }
sub asked { my ($first) = @_; return [map { (get('/api/v1/snapshot?tacs=' . ($first + $_)))[0] } 0 .. 5] }
sub parts { my ($what) = @_; return ((get('/metrics'))[1] =~ /^tamga_snapshot_parts$what (\S+)$/m)[0] }
is parts(''), 3, 'three sets were asked for so far';
is_deeply asked(10000000), [200, (429) x 5], 'an operator has four at once, and no more';
my %of = map { ($_ => node_key($_)) } qw(beta gamma delta epsilon);
for my $n (1 .. 3) {
    $api_key = api_key($of{(qw(beta gamma delta))[$n - 1]});
    ok poll(10, sub { (get('/api/v1/feed'))[0] == 200 }), 'the server takes the key of another operator';
    is_deeply asked(10000000 * (1 + $n)), [(200) x 4, 429, 429], '... who has as many';
}
is parts(''), 16, 'that is all there are';
cmp_ok parts('_bytes'), '>', 16 * 256, '... their bytes are told';
is parts('_failing'), 0, '... and that all could be made';
$api_key = api_key($of{epsilon});
ok poll(10, sub { (get('/api/v1/feed'))[0] == 200 }), 'the server takes the key of one more';
($status, $body, $head) = get('/api/v1/snapshot?tacs=30000009');
is_deeply [$status, json($body)->{reason}], [429, 'SNAPSHOT_PARTS'], 'it says why';
like $head, qr/^Retry-After: \d+\r?$/m, '... and when to come again';
is +(get("/api/v1/snapshot?tacs=99000001"))[0], 200, 'one that is kept is given';
is +(get('/api/v1/snapshot'))[0], 200, '... and so is the whole';

# --- a node for which there is no set left, and one that follows nobody ---

$key = $of{epsilon};
settings($server->{port}, 'tacs = 35735007');
spew($ini, slurp($ini) =~ s{^directory = .*$}{directory = $dir/eir5}mr);
$node = launch();
greet();
is_deeply [map { both($_->[0], $_->[1]) } [2, INSIDE], [3, NEAR]], [([qw(black black)]) x 2], 'without a copy it takes all rather than nothing';
like slurp($log), qr/level=warning event=snapshot error=SNAPSHOT_PARTS .*more than node\.tacs/, '... and says so';
is $node->metric('tamga_eir_tacs_missing'), 0, '... nothing is missing';
ends();

settings($server->{port}, 'tacs = 35735007');
my $from_file = slurp($ini) =~ s{^registry = .*$}{snapshot = $part}mr;
spew($ini, $from_file);
$node = launch();
greet();
is s13(2, INSIDE), 'black', 'one answers from a file';
spew($ini, $from_file =~ s/^tacs = .*$/tacs = 86000001/mr);
kill 'HUP', $node->{pid};
ok poll(5, sub { slurp($log) =~ /level=alarm event=reload detail="node\.tacs is another, and changes nothing/ }), '... and says that other ranges wait for a start';
is s13(2, INSIDE), 'black', '... it goes on';
ends();
is Register::stop($server->{pid}), 0, 'the server ends';
done_testing;
