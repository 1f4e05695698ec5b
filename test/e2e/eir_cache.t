#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# eir_cache - nodes that were cut off while the register wrote 135,000 rows catch up through the operator's
# cache: deploy/nginx-cache.conf as it is, but for ports and paths. 200 nodes of test/peers/catch_up.c and three real ones
# at once: the register gives each segment once, all end at one place with the same verdicts. Names mean the same bytes
# always. A cache that lies, or answers nothing, does no harm; a node that is killed in the middle goes on.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Diameter;
use Digest::SHA qw(sha256_hex);
use Eir;
use FreeDiameter;
use IO::Socket::INET;
use Register;
use Test::More;
use Time::HiRes qw(time);

use constant NODES => $ENV{TAMGA_CACHE_NODES} // 200;
use constant ROWS => 135000;

$ENV{PATH} .= ':/usr/sbin';
for my $program (qw(nginx zstd)) {
    plan skip_all => "no $program" if system("command -v $program >/dev/null");
}
my $catch_up = ($tamga =~ s{[^/]*\z}{}r) . 'test/catch_up';
plan skip_all => 'catch_up is not built' unless -x $catch_up;

my $r = Register->new(backend => 'sqlite');
my $dir = $r->dir;
chmod 0755, $dir;
my @pids;
END { my $code = $?; for my $pid (@pids) { kill 'TERM', $pid; waitpid $pid, 0 } $? = $code }

sub ran { my ($name, @words) = @_; my $got = $r->run(@words); is $got->{code}, 0, $name or diag $got->{err}; return $got }
sub amnesty { my ($name, $from, $to) = @_; return $r->file($name, "imei\n" . join '', map { imei($_ % 1000000, 35735007 + int($_ / 1000000)) . "\n" } $from .. $to) }

# --- a register, and nodes that know its beginning ---

ran('a register', 'import', 'amnesty', amnesty('first.txt', 1, 100));
ran('a phone that is stolen', 'suspend', '--mark', 'stolen', '--by', 'police', '--order', '1', imei(2));
my @keys = map { $r->path("node$_.key") } 0 .. 3;
ran('a node', 'node', 'add', '--out', $keys[$_], "alpha/$_") for 0 .. 3;
my $key = json(ran('a key of the cache', '--json', 'user', 'key', 'create', '--name', 'cache', '--scope', 'feed')->{out})->{key};
ran('what nodes begin with', 'snapshot', 'write', $r->path('begin.tgix'));
my $server = $r->serve;
my $register = "http://127.0.0.1:$server->{port}";
my ($node_key) = slurp($keys[0]) =~ /^api_key=(\S+)$/m;
sub get { my ($target, %headers) = @_; return Register::http($server, delete $headers{method} // 'GET', $target, {Authorization => "Bearer $node_key", %headers}) }
ok poll(5, sub { (get('/api/v1/feed'))[0] == 200 }), 'the server takes the key';

# --- the cache ---

my ($port) = FreeDiameter::free_ports(1);
mkdir "$dir/cache";
my %here = ('/run/' => "$dir/", '/var/log/nginx/' => "$dir/", '/etc/tamga/' => "$dir/", '/var/cache/nginx/tamga' => "$dir/cache",
    'https://register' => 'http://register', 'server imei.example:443' => "server 127.0.0.1:$server->{port}",
    'listen 192.0.2.10:8090' => "listen 127.0.0.1:$port", 'allow 192.0.2.0/24' => 'allow 127.0.0.0/8');
my $conf = slurp("$FindBin::Bin/../../deploy/nginx-cache.conf");
for my $old (sort keys %here) { $conf =~ s/\Q$old\E/$here{$old}/g or die "no `$old`" }
$r->file('nginx.conf', $conf);
$r->file('cache-key.conf', "map \"\" \$tamga_key { default \"Bearer $key\"; }\n");
is system("nginx -t -q -c $dir/nginx.conf"), 0, 'nginx takes the sample';
sub begin {
    my ($log, @words) = @_;
    my $pid = fork // die;
    if (!$pid) { open STDOUT, '>>', "$dir/$log"; open STDERR, '>&', \*STDOUT; exec @words or POSIX::_exit(127) }
    push @pids, $pid;
    return $pid;
}
begin('nginx.out', 'nginx', '-c', "$dir/nginx.conf", '-g', 'daemon off;');
ok poll(10, sub { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) }), 'the cache listens';
my $cache = "http://127.0.0.1:$port";
sub cached { my ($target, %headers) = @_; return Register::http({port => $port}, delete $headers{method} // 'GET', $target, \%headers) }

# --- real nodes that know the beginning, and are cut off ---

sub node {
    my ($i, %with) = @_;
    my $own = "$dir/eir$i";
    my ($s13, $metrics) = FreeDiameter::free_ports(2);
    my $ini = $r->file("eir$i.ini", "[node]\nregistry = $register\ndirectory = $own\nkey = $keys[$i]\nthreads = 1\n"
        . ($with{cache} ? "cache = $with{cache}\n" : '') . ($with{more} // '') . "[s13]\nlisten = 127.0.0.1:$s13\nidentity = eir.mnc077.example\nrealm = mnc077.example\npeers = *\n[metrics]\nlisten = 127.0.0.1:$metrics\n");
    my $node = Eir::launch("$dir/eir$i.log", $Eir::program, '--settings', $ini);
    ok $node, "node $i is ready" or diag slurp("$dir/eir$i.log");
    return $node;
}
sub stands { my ($node) = @_; return $node->metric('tamga_eir_sequence') }
sub near { my ($node, $seq) = @_; return poll(120, sub { $node->metric('tamga_eir_behind_items') == 0 && stands($node) > $seq }) }
for my $i (1 .. 3) {
    my $node = node($i, cache => $cache);
    is $node->metric('tamga_eir_snapshots_cache_total'), 1, '... its snapshot came from the cache';
    is $node->end, 0, '... and is cut off';
}
sub count { my ($route) = @_; my (undef, $text) = Register::http($server, 'GET', '/metrics'); my $sum = 0; $sum += $_ for $text =~ /^tamga_http_requests_total\{route="\Q$route\E"[^}]*\} (\d+)/mg; return $sum }

# --- what the register writes meanwhile ---

ran('135,000 phones', 'import', 'amnesty', amnesty('many.txt', 1000, 1000 + ROWS - 1));
ran('one more that is stolen', 'suspend', '--mark', 'stolen', '--by', 'police', '--order', '2', imei(4));
my $end = json($r->run('--json', 'journal', 'verify')->{out})->{items};
my $snapshot = slurp($r->path('begin.tgix'));
my ($begin_seq, $begin_hash) = (unpack('x32 Q<', $snapshot), unpack('H*', substr $snapshot, 40, 8));

# --- segments: names, bytes, headers ---

my $names = '';
ok poll(20, sub { $names = (get("/api/v1/feed/segments?after=$begin_seq-$begin_hash"))[1]; ($names =~ tr/\n//) == int(ROWS / 65536) }), 'sealed segments' or diag $names;
my @names = $names =~ /^(\d+-[0-9a-f]{64}) \d+$/mg;
is scalar @names, int(ROWS / 65536), 'all lines are names' or diag $names;
my @ends = $names =~ / (\d+)$/mg;
is +(get("/api/v1/feed/segments?after=$ends[0]-0123456789abcdef"))[1], $names =~ s/\A.*\n//r, 'from the one on that is wanted';
is +(get("/api/v1/feed/segments?after=$end-0123456789abcdef"))[1], '', 'none near the end';
is +(get('/api/v1/feed/segments?after=x'))[0], 400, 'no cursor';
my $path = "/api/v1/feed/segments/$names[1]";
my ($status, $whole, $head) = get($path);
is $status, 200, 'a segment';
like $head, qr/^Cache-Control: public, max-age=31536000, immutable\r?$/m, 'may be kept for ever';
like $head, qr/^Vary: Accept-Encoding\r?$/m, '... by its coding';
my ($tag) = $head =~ /^ETag: (\S+?)\r?$/m;
is +(get($path, 'If-None-Match' => $tag))[0], 304, 'its tag is known again';
my ($part_status, $part, $part_head) = get($path, Range => 'bytes=1000-1999', 'If-Range' => $tag);
is_deeply [$part_status, $part], [206, substr $whole, 1000, 1000], 'a part of it';
my ($zstd_status, $packed, $zstd_head) = get($path, 'Accept-Encoding' => 'zstd');
like $zstd_head, qr/^Content-Encoding: zstd\r?$/m, 'packed when asked';
my ($zstd_tag) = $zstd_head =~ /^ETag: (\S+?)\r?$/m;
isnt $zstd_tag, $tag, '... under another tag';
$r->file('packed', $packed);
is sha256_hex(scalar `zstd -dc < $dir/packed`), sha256_hex($whole), '... the same bytes';
note sprintf 'segment: %d bytes, packed %d (%.0f %%)', length $whole, length $packed, 100 * length($packed) / length $whole;
unlink glob "$dir/tamga.db.snapshots/segment-*";
is sha256_hex((get($path))[1]), sha256_hex($whole), 'made anew it is the same';
is_deeply [map { (get("/api/v1/feed/segments/$_"))[0] } '1-' . '0' x 64, "99999-$names[0]" =~ s/-\d+-/-/r, '0-' . '1' x 64, '..', 'x', "9$names[1]"], [(404) x 6], 'no other name is anything';
is +(get($path, Authorization => 'Bearer x'))[0], 401, 'nobody else has it of the register';
is +(cached('/api/v1/feed/segments'))[0], 404, 'the cache has no list';
is +(cached('/api/v1/feed'))[0], 404, '... and no feed';
my (undef, undef, $mutable) = get('/api/v1/snapshot', method => 'HEAD');
my ($named) = $mutable =~ m{^Content-Location: (/api/v1/snapshots/\S+?)\r?$}m;
ok $named, 'a snapshot tells its name';
my ($named_status, $file, $named_head) = get($named);
like $named_head, qr/immutable/, 'under which it may be kept for ever';
is sha256_hex($file), sha256_hex((get('/api/v1/snapshot'))[1]), 'the same file';
is sha256_hex((cached($named))[1]), sha256_hex($file), '... through the cache';
is_deeply [(cached($named, Range => 'bytes=100-199'))[0, 1]], [206, substr $file, 100, 100], '... and in parts';
is +(get('/api/v1/snapshots/1-0123456789abcdef'))[0], 404, 'no other is there';

# --- all at once ---

my $before = count('/api/v1/feed/segments/{}');
my @nodes = map { node($_, cache => $cache) } 1 .. 3;
my $out = `$catch_up $register $cache $keys[0] $dir/begin.tgix ${\NODES} 2>$dir/crowd.err`;
my $said = json($out || '{}');
is_deeply [@$said{qw(nodes failed places verdicts cache_refused)}], [NODES, 0, 1, 1, 0], NODES . ' nodes end at one place with the same verdicts' or diag $out, slurp("$dir/crowd.err");
is $said->{next_seq}, $end + 1, '... the register\'s';
# On a machine that is very busy a connection may come too late; then the register gives it.
is $said->{from_cache} + $said->{from_register}, NODES * @names, '... each took every segment';
cmp_ok $said->{from_cache}, '>=', 0.9 * NODES * @names, '... out of the cache';
my $asked = count('/api/v1/feed/segments/{}') - $before;
cmp_ok $asked, '<=', 2 * @names + $said->{from_register}, "the register gave $asked segments of which there are " . scalar @names;
my ($bytes, $hits, $from_register) = (0, 0, 0);
for my $line (grep { m{ /api/v1/feed/segments/} } split /\n/, slurp("$dir/tamga-cache-access.log")) {
    my (undef, undef, undef, $sent, $how) = split ' ', $line;
    $bytes += $sent;
    $hits++;
    $from_register += $sent if $how eq 'MISS';
}
print "# catching up: @{[NODES]} nodes + 3, @{[ROWS]} rows, $said->{seconds} s; of the register $asked segments ($from_register bytes), of the cache $hits ($bytes bytes)\n";
ok near($nodes[$_], $end), 'a real node is there, too' or diag slurp("$dir/eir" . ($_ + 1) . '.log') for 0 .. 2;
is $_->metric('tamga_eir_segments_cache_total'), scalar @names, '... through the cache' for @nodes;
sub verdict { my ($node, $n) = @_; my $mme = Diameter->new(port => $node->{s13}); $mme->greet; return Diameter::said($mme->ask(imei => substr(imei($n), 0, 14))) }
is_deeply [map { verdict($nodes[$_], 2), verdict($nodes[$_], 4), verdict($nodes[$_], 100999), verdict($nodes[$_], 900000) } 0 .. 2],
  [('black', 'black', 'white', verdict($nodes[0], 900000)) x 3], '... and say the same';
is $_->end, 0, 'a clean end' for @nodes;

# --- a cache that lies, or says nothing ---

my $lie = spew("$dir/lie", 'garbage');
my $listener = IO::Socket::INET->new(Listen => 64, LocalAddr => '127.0.0.1:0', ReuseAddr => 1) or die "listen: $!";
my $liar = fork // die;
if (!$liar) {
    my @held;
    while (my $c = $listener->accept) {
        my ($first, $mode) = (scalar <$c> // '', slurp($lie));
        while (defined(my $line = <$c>)) { last if $line =~ /^\r?$/ }
        my $body = $mode eq 'garbage' ? join '', map { chr rand 256 } 1 .. 5000 : $mode eq 'stale' ? slurp("$dir/other") : $mode eq 'cut' ? slurp("$dir/cut") : slurp("$dir/first");
        if ($mode eq 'first' && $first !~ m{/segments/1-}) { push @held, $c; next } # it never answers
        print $c "HTTP/1.1 200 OK\r\nContent-Length: " . length($body) . "\r\nConnection: close\r\n\r\n$body";
        close $c;
    }
    POSIX::_exit(0);
}
push @pids, $liar;
my $false = 'http://127.0.0.1:' . $listener->sockport;
spew("$dir/first", (get("/api/v1/feed/segments/$names[0]"))[1]);
spew("$dir/other", $whole);
spew("$dir/cut", substr slurp("$dir/first"), 0, 100000);
for my $mode (qw(garbage stale cut)) {
    spew($lie, $mode);
    my $got = json(`$catch_up $register $false $keys[0] $dir/begin.tgix 1 2>>$dir/crowd.err` || '{}');
    is_deeply [@$got{qw(failed next_seq sum cache_refused from_register)}], [0, $said->{next_seq}, $said->{sum}, 1, scalar @names], "a cache that gives $mode does no harm";
}
my ($closed) = FreeDiameter::free_ports(1);
my $got = json(`$catch_up $register http://127.0.0.1:$closed $keys[0] $dir/begin.tgix 1 2>>$dir/crowd.err` || '{}');
is_deeply [@$got{qw(failed sum cache_errors from_register)}], [0, $said->{sum}, 1, scalar @names], 'one that is away does none';
$got = json(`$catch_up $register '' $keys[0] $dir/begin.tgix 1 2>>$dir/crowd.err` || '{}');
is_deeply [@$got{qw(failed sum from_register)}], [0, $said->{sum}, scalar @names], 'without one segments come from the register';

# --- a snapshot that the cache invents ---

system 'rm', '-rf', "$dir/eir1";
spew($lie, 'garbage');
my $node = node(1, cache => $false);
is_deeply [map { $node->metric("tamga_eir_$_") } qw(snapshots_refused_total cache_refused_total snapshots_cache_total)], [1, 1, 0], 'an invented snapshot is refused, the register gives its own';
ok near($node, $end), '... and it is there';
is $node->end, 0, 'a clean end';

# --- killed in the middle ---

system 'rm', '-rf', "$dir/eir2";
mkdir "$dir/eir2";
system 'cp', "$dir/begin.tgix", "$dir/eir2/snapshot-$begin_seq.tgix";
utime time - 3 * 86400, time - 3 * 86400, "$dir/eir2/snapshot-$begin_seq.tgix";
spew($lie, 'first');
$node = node(2, cache => $false, more => "stale = white\n");
ok poll(30, sub { $node->metric('tamga_eir_segments_cache_total') == 1 }), 'a node has one segment and waits for the next';
is $node->metric('tamga_eir_stale'), 0, '... it was away for days, and has heard the register before it began';
like slurp("$dir/eir2.log"), qr/event=stale .*event=fresh /s, '... from when on `stale` was silent';
is verdict($node, 2), 'black', '... and what is known is said';
my $there = stands($node);
cmp_ok $there, '<', $end, '... in the middle';
$node->end('KILL');
$node = node(2, cache => $cache);
ok near($node, $end), 'killed and started again it comes to the end';
is $node->metric('tamga_eir_segments_cache_total'), @names - 1, '... from where it was';
is_deeply [verdict($node, 2), verdict($node, 4), verdict($node, 100999)], [qw(black black white)], '... with the same verdicts';
is $node->end, 0, 'a clean end';
Register::stop($server->{pid});
done_testing;
