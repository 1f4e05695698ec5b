#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# feed - what nodes follow the register by: blocks behind a cursor that a reader of its own believes (chain, roots,
# signature), waiting without a thread, a commit of another process within a second, cursors that are none, the
# snapshot in parts, the signed list of models; who may ask, and what a store that is away means.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use IO::Select;
use IO::Socket::INET;
use Register;
use Test::More;
use Time::HiRes qw(time sleep);

use constant WAITERS => 200;

my $r = Register->new(now => '2026-03-10T07:00:00Z'); # no midnight comes between
is $r->run('suspend', '--mark', 'stolen', '--by', 'police', '--order', '1', imei(1))->{code}, 0, 'a register';
is $r->run('import', 'tac', $r->file('tac.csv', lines('tac,name,name', '35735007,Nokia,3310')))->{code}, 0, 'a list of models';
my $made = $r->run('--actor', 'aigul', 'node', 'add', '--out', $r->path('node.key'), 'Altel/almaty');
is $made->{code}, 0, 'a node' or diag $made->{err};
my ($key) = slurp($r->path('node.key')) =~ /^api_key=(\S+)$/m;
my $checks = json($r->run('--json', 'user', 'key', 'create', '--name', 'shop', '--scope', 'check')->{out})->{key};
my $server = $r->serve;

sub get {
    my ($target, %headers) = @_;
    $headers{Authorization} //= "Bearer $key";
    delete $headers{Authorization} if $headers{Authorization} eq 'none';
    return Register::http($server, delete $headers{method} // 'GET', $target, \%headers);
}

# What the reader says of an answer: a hash, {refused} when it does not believe it.
my $answers = 0;
sub told {
    my ($frames, $cursor, %with) = @_;
    my $file = $r->file('answer.' . $answers++, $frames);
    my @words = ($with{tac} ? '--tac' : (), $with{key} // $r->path('node.key'), $file, $cursor // ());
    open my $p, '-|', 'python3', "$FindBin::Bin/feed_reader.py", @words or die $!;
    my $said = join '', <$p>;
    close $p;
    return json($said);
}

sub feed {
    my ($query, $cursor) = @_;
    my ($status, $body) = get("/api/v1/feed$query");
    return {status => $status, reason => $status == 200 ? '' : json($body)->{reason}, $status == 200 ? %{told($body, $cursor)} : ()};
}

sub reason { my ($status, $body) = @_; return "$status " . (eval { json($body)->{reason} } // '-') }

# --- from the beginning, in one piece ---

ok poll(5, sub { (get('/api/v1/feed'))[0] == 200 }), 'the server takes the key';
my ($status, $frames, $head) = get('/api/v1/feed');
like $head, qr{^Content-Type: application/vnd\.tamga\.feed\r?$}m, 'its media type';
my $all = told($frames);
my $verified = json($r->run('--json', 'journal', 'verify')->{out});
is $all->{refused}, undef, 'the reader believes it';
is_deeply [@$all{qw(blocks hash own)}], [@$verified{qw(blocks head)}, $verified->{items} + 1], 'all that `journal verify` finds';
is $all->{next_seq}, $all->{own}, 'to the end';
for my $at (10, 100, length($frames) - 100, length($frames) - 70, length($frames) - 1) {
    my $changed = $frames;
    substr($changed, $at, 1) ^= "\1";
    ok defined told($changed)->{refused}, "a bit at $at is noticed";
}

# --- behind a cursor ---

my $end = feed("?after=$all->{cursor}", $all->{cursor});
is_deeply [@$end{qw(status blocks next_seq refused)}], [200, 0, $all->{next_seq}, undef], 'nothing new: a signed head alone';
is $r->run('suspend', '--mark', 'lost', '--by', 'police', '--order', '2', imei(2))->{code}, 0, 'something new';
my $more = feed("?after=$all->{cursor}", $all->{cursor});
is_deeply [@$more{qw(blocks rows refused)}], [1, 1, undef], 'one block hangs at the cursor';
my $whole = feed('');
is $whole->{hash}, $more->{hash}, 'both ways end at one hash';
is_deeply [@{feed("?after=$more->{cursor}", $more->{cursor})}{qw(blocks next_seq)}], [0, $more->{next_seq}], 'its end is a cursor';
my ($register) = slurp($r->path('node.key')) =~ /^register=(.{16})/m;
is feed("?after=1-$register", "1-$register")->{blocks}, $whole->{blocks}, 'before the first block stands the register';

# --- no cursors, and nobody's ---

my ($hash) = $all->{cursor} =~ /-(.*)/;
is feed("?after=$_")->{status} . ' ' . feed("?after=$_")->{reason}, '400 USAGE', "no cursor: $_"
  for 'x', '7', '-1', "0-$hash", "07-$hash", "7-\U$hash" . 'A', "7-$hash" . '0', "7-", "-$hash", "99999999999999999999-$hash", "7-$hash%20";
is feed("?after=$_")->{status} . ' ' . feed("?after=$_")->{reason}, '409 FEED_CURSOR', "not ours: $_"
  for "$all->{next_seq}-0123456789abcdef", "$more->{next_seq}-0123456789abcdef", ($all->{next_seq} + 1) . "-$hash", "9999999-$hash", '1-0123456789abcdef';
is feed("?wait=$_")->{status}, 400, "no time to wait: $_" for '-1', 'x', '56', '1.5', '';
my $other = Register->new(backend => 'sqlite', now => $r->{now});
is $other->run('suspend', '--mark', 'stolen', '--by', 'police', '--order', '1', imei(1))->{code}, 0, 'another register';
is $other->run('node', 'add', '--out', $other->path('node.key'), 'x')->{code}, 0, 'with its node';
like told($frames, undef, key => $other->path('node.key'))->{refused}, qr/chain broken|another register/, 'whose answers its node does not believe';

# --- who may ask ---

for my $path ('/api/v1/feed', '/api/v1/snapshot', '/api/v1/tac-list/1') {
    is reason(get($path, Authorization => 'none')), '401 KEY', "$path: nobody without a key";
    is reason(get($path, Authorization => 'Bearer tamga_00000000_' . '0' x 64)), '401 KEY', "$path: nobody with a wrong one";
    is reason(get($path, Authorization => "Bearer $checks")), '403 SCOPE', "$path: no key for checks";
    is reason(get($path, method => 'POST')), '405 METHOD', "$path is only read";
}
is +(get('/api/v1/check/' . imei(1)))[0], 403, 'a node checks nothing here';
is((get('/api/v1/feed', method => 'HEAD'))[0], 200, 'HEAD');

# --- waiting ---

sub ask {
    my ($target, $by) = @_;
    $by //= $key;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $server->{port}, Timeout => 10) or die $!;
    print $socket "GET $target HTTP/1.1\r\nHost: test\r\nConnection: close\r\nAuthorization: Bearer $by\r\n\r\n";
    return $socket;
}

# The bodies of those that answer within so many seconds.
sub heard {
    my ($seconds, @sockets) = @_;
    my ($select, @bodies, %text) = IO::Select->new(@sockets);
    my $until = time + $seconds;
    while ($select->count && time < $until) {
        for my $socket ($select->can_read($until - time)) {
            my $n = sysread $socket, $text{$socket}, 1 << 16, length($text{$socket} // '');
            next if $n;
            push @bodies, ($text{$socket} =~ /\r\n\r\n(.*)\z/s)[0];
            $select->remove($socket);
        }
    }
    return @bodies;
}

my $began = time;
is feed("?after=$more->{cursor}&wait=1", $more->{cursor})->{blocks}, 0, 'waiting ends without news';
cmp_ok time - $began, '>=', 0.9, 'after the time that was asked for';
cmp_ok time - $began, '<=', 3, 'and not much later';
my @sockets = map { ask("/api/v1/feed?after=$more->{cursor}&wait=55") } 1 .. WAITERS;
is scalar(heard(1, @sockets)), 0, WAITERS . ' wait';
is +((Register::http($server, 'GET', '/metrics'))[1] =~ /^tamga_feed_waiters (\S+)$/m)[0] + 0, WAITERS, 'which is counted';
$began = time;
is +(Register::http($server, 'GET', '/api/v1/check/' . imei(1)))[0], 200, 'a check is answered meanwhile';
cmp_ok time - $began, '<=', 0.5, 'at once';
is $r->run('suspend', '--mark', 'stolen', '--by', 'police', '--order', '3', imei(3))->{code}, 0, 'another process writes';
$began = time;
my @bodies = heard(10, @sockets);
my $took = time - $began;
is scalar @bodies, WAITERS, 'all hear of it';
cmp_ok $took, '<=', 1, sprintf 'within a second (%.0f ms for all)', 1000 * $took;
my %different = map { substr($_, 0, -136) => 1 } @bodies;
is scalar keys %different, 1, 'the same block';
my $new = told($bodies[0], $more->{cursor});
is_deeply [@$new{qw(blocks rows refused)}], [1, 1, undef], 'which is the next';
print '# ', join(', ', map { sprintf '%.0f ms', 1000 * $_ } sort { $a <=> $b } map {
    my $socket = ask("/api/v1/feed?after=$new->{cursor}&wait=20");
    heard(0.3, $socket);
    $r->run($_ % 2 ? 'resume' : 'suspend', '--mark', 'lost', '--by', 'police', '--order', "4$_", imei(4));
    my $then = time;
    my ($body) = heard(10, $socket);
    my $took = time - $then;
    $new = told($body, $new->{cursor});
    $took;
} 0 .. 5), " from a commit to a node\n";

# --- a key that ends while its node waits ---

my ($ends) = $r->run('node', 'add', 'Altel/old')->{out} =~ /^api_key=(tamga_([0-9a-f]{8})_\S+)$/m;
ok poll(5, sub { (get('/api/v1/feed', Authorization => "Bearer $ends"))[0] == 200 }), 'another node';
my $waits = ask("/api/v1/feed?after=$new->{cursor}&wait=55", $ends);
is scalar(heard(0.5, $waits)), 0, 'waits';
is $r->run('user', 'key', 'revoke', $ends =~ /_([0-9a-f]{8})_/)->{code}, 0, 'its key ends';
ok poll(5, sub { (get('/api/v1/feed', Authorization => "Bearer $ends"))[0] == 401 }), 'the server knows';
is $r->run('suspend', '--mark', 'stolen', '--by', 'police', '--order', '6', imei(6))->{code}, 0, 'something new';
like +(heard(5, $waits))[0], qr/"reason":"KEY_REVOKED"/, 'is not for it';
$new = told((get("/api/v1/feed?after=$new->{cursor}"))[1], $new->{cursor});

# --- a register that was restored from a backup ---

my $back = Register->new(backend => 'sqlite', now => $r->{now});
if (!$r->{database}) {
    is $r->run('db', 'backup', $back->db)->{code}, 0, 'a backup';
    system 'cp', '-p', $r->db . '.key', $back->db . '.key';
    is $_->run('suspend', '--mark', 'lost', '--by', 'police', '--order', '7', imei($_ == $r ? 7 : 8))->{code}, 0, 'both go on' for $r, $back;
    my $later;
    ok poll(5, sub { ($later = feed("?after=$new->{cursor}", $new->{cursor}))->{blocks} }), 'the node follows the first';
    my $first = $server;
    $server = $back->serve('--answer-only');
    is feed("?after=$new->{cursor}", $new->{cursor})->{blocks}, 1, 'what they have in common goes on';
    is feed("?after=$later->{cursor}")->{status}, 409, 'what the restored one does not have is refused';
    Register::stop($server->{pid});
    $server = $first;
    $new = $later;
}

# --- more than fits one answer ---

my $amnesty = $r->file('amnesty.txt', map { sprintf "%s\n", imei($_, '35735008') } 1 .. 300_000);
is $r->run('import', 'amnesty', $amnesty)->{code}, 0, 'three hundred thousand IMEIs';
my ($pieces, $bytes, $rows, $most) = (0, 0, 0, 0);
my $at_end = poll(60, sub {
    my (undef, $body) = get("/api/v1/feed?after=$new->{cursor}");
    my $said = told($body, $new->{cursor});
    fail "refused: $said->{refused}" and return 1 if $said->{refused};
    $pieces++ if $said->{blocks};
    $rows += $said->{rows};
    $bytes += length $body;
    $most = length $body if length $body > $most;
    $new = $said;
    return $said->{next_seq} == $said->{own} && $rows >= 300_000;
});
ok $at_end, 'come to the last';
is $rows, 300_000, 'each once';
cmp_ok $pieces, '>', 1, sprintf 'in %d answers, %.1f MB', $pieces, $bytes / 1e6;
cmp_ok $most, '<=', (4 << 20) + (4 << 20), 'none of them above the limit and a block';
is $new->{hash}, json($r->run('--json', 'journal', 'verify')->{out})->{head}, 'to the head of the journal';

# --- the snapshot ---

my ($code, $file, $fields) = get('/api/v1/snapshot');
is $code, 200, 'a snapshot';
is substr($file, 0, 4), 'TGIX', 'an index file';
my ($tag) = $fields =~ /^ETag: ("[^"]+")\r?$/m;
like $tag, qr/\A"\d+-[0-9a-f]{16}"\z/, 'with a name';
my ($length) = $fields =~ /^Content-Length: (\d+)/m;
is $length, length $file, 'and a length';
my ($parts, $at) = ('', 0);
while ($at < $length) {
    my $last = $at + 399;
    my ($s, $body, $h) = get('/api/v1/snapshot', Range => "bytes=$at-$last", 'If-Range' => $tag);
    my $shown = $last < $length ? $last : $length - 1;
    last unless $s == 206 && $h =~ m{^Content-Range: bytes $at-$shown/$length\r?$}m;
    $parts .= $body;
    $at = $last + 1;
}
is $parts, $file, 'in parts it is the same';
my @last = get('/api/v1/snapshot', Range => 'bytes=-64');
is $last[0] . $last[1], '206' . substr($file, -64), 'its last bytes';
my @rest = get('/api/v1/snapshot', Range => 'bytes=300-');
is $rest[0] . $rest[1], '206' . substr($file, 300), 'all behind a place';
is +(get('/api/v1/snapshot', Range => 'bytes=0-9', 'If-Range' => '"other"'))[0], 200, 'another name: the whole';
is +(get('/api/v1/snapshot', Range => $_))[0], 200, "no range of ours: $_" for 'lines=1-2', 'bytes=9-1', 'bytes=x-', 'bytes=0-1,3-4', 'bytes=-';
my @beyond = get('/api/v1/snapshot', Range => "bytes=$length-");
is $beyond[0], 416, 'behind the end';
like $beyond[2], qr{^Content-Range: bytes \*/$length\r?$}m, 'which is told';
is +(get('/api/v1/snapshot', 'If-None-Match' => "\"x\", $tag"))[0], 304, 'who has it already';
my @asked = get('/api/v1/snapshot', method => 'HEAD');
is $asked[0] . ($asked[2] =~ /^Content-Length: (\d+)/m)[0], "200$length", 'HEAD';
is $asked[1], '', 'without its bytes';
my ($next) = $tag =~ /"(\d+)-/;
my ($hash_hex) = unpack 'x40 H64', $file;
my $behind = feed("?after=$next-" . substr($hash_hex, 0, 16), "$next-" . substr($hash_hex, 0, 16));
is_deeply [@$behind{qw(status blocks refused)}], [200, 0, undef], 'the feed goes on where it ends';
is $r->run('suspend', '--mark', 'stolen', '--by', 'police', '--order', '5', imei(5))->{code}, 0, 'the register goes on';
ok poll(5, sub { feed("?after=$new->{cursor}", $new->{cursor})->{blocks} }), 'the server follows';
is +((get('/api/v1/snapshot'))[2] =~ /^ETag: (\S+)/m)[0], $tag, 'a young snapshot is given again';

# --- the list of models ---

my ($number) = $r->run('rules', 'show')->{out} =~ /^tac_list=(\d+)\b/m;
my ($listed, $list) = get("/api/v1/tac-list/$number");
is $listed, 200, 'the list of models';
is_deeply told($list, undef, tac => 1), {number => $number, count => 1}, 'signed';
substr($list, 30, 1) ^= "\1";
ok told($list, undef, tac => 1)->{refused}, 'a bit of it is noticed';
is reason(get("/api/v1/tac-list/$_")), '404 NOT_FOUND', "no such list: $_" for 0, $number + 1, 'x', '4294967296', '01x';

# --- the end of a server ---

my $last_of_all = feed("?after=$new->{cursor}", $new->{cursor})->{cursor};
@sockets = map { ask("/api/v1/feed?after=$last_of_all&wait=55") } 1 .. 3;
is scalar(heard(0.5, @sockets)), 0, 'three wait';
$began = time;
Register::stop($server->{pid});
is scalar(grep { length } heard(5, @sockets)), 3, 'they are answered when the server ends';
cmp_ok time - $began, '<=', 5, 'at once';

# --- a new snapshot when the last is old; leftovers go ---

$r->settings('[serve]', 'snapshots = ' . $r->path('shots'), 'snapshot_minutes = 1');
mkdir $r->path('shots');
spew($r->path("shots/$_"), 'x') for 'snapshot-1-1.tgix', 'mine.txt';
$server = $r->serve('--answer-only');
is +(get('/api/v1/snapshot'))[0], 200, 'a server that only answers gives one as well';
my @shots = map { m{([^/]+)\z} } glob $r->path('shots/*');
is scalar @shots, 2, 'one snapshot stands there' or diag "@shots";
ok -e $r->path('shots/mine.txt'), 'and what is not ours';
ok !-e $r->path('shots/snapshot-1-1.tgix'), 'one of a server before is gone';
$r->settings('[serve]', 'snapshot_minutes = 0');
isnt $r->run({seconds => 20}, 'serve', '--listen', '127.0.0.1:0')->{code}, 0, 'no such time';
Register::stop($server->{pid});
done_testing;
