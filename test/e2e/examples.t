#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# examples - the sample clients of examples/, in C and in TypeScript, against a real register: they say
# what `tamga check` says, wait when they are told to, and end as they promise. What they sent counts once,
# and not from a wrong clock. The worked signature of their README is computed here once more.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Digest::SHA qw(sha256_hex hmac_sha256_hex);
use IO::Socket::INET;
use POSIX ();
use Register;
use Test::More;
use Time::HiRes qw(time);

my $top = "$FindBin::Bin/../..";
my $r = Register->new;

# --- the worked example ---

my $readme = slurp("$top/examples/README.md");
my ($secret) = $readme =~ /`tamga_3f2a91c0_([0-9a-f]{64})`/;
my ($body) = $readme =~ /with the body `([^`]+)`/;
my ($when, $nonce) = $readme =~ /`(\d+)`, `(\w+)` \|/;
my $lines = join '', map { "$_\n" } 'TAMGA1', 'POST', '/api/v1/check', $when, $nonce, sha256_hex($body);
my ($signature) = $readme =~ /\| signature \| `([0-9a-f]{64})`/;
is $signature, hmac_sha256_hex($lines, pack 'H*', $secret), 'the worked signature is right';

# --- the clients ---

my %client;
my $cc = $ENV{CC} // 'cc';
is system("$cc -Wall -Wextra -Werror -o $r->{dir}/check $top/examples/check.c -lcurl -lcrypto -ljansson"), 0,
  'the C client builds without a warning';
$client{C} = ["$r->{dir}/check"];
SKIP: {
    skip 'no node', 2 unless -x "$top/web/node_modules/.bin/tsc" && !system('command -v node >/dev/null');
    my $tools = "$top/web/node_modules";
    is system("$tools/.bin/tsc --noEmit --strict --target es2022 --module es2022 --moduleResolution bundler "
        . "--typeRoots $tools/\@types --types node $top/examples/check.ts"), 0, 'the TypeScript client fits its types';
    is system("$tools/.bin/esbuild $top/examples/check.ts --log-level=warning --platform=node --format=esm "
        . "--outfile=$r->{dir}/check.mjs"), 0, 'and builds';
    $client{TypeScript} = ['node', "$r->{dir}/check.mjs"];
}

sub run {
    my ($which, $env, @words) = @_;
    local %ENV = (%ENV, %$env);
    my $pid = fork // die;
    if (!$pid) {
        open STDOUT, '>', $r->path('out');
        open STDERR, '>', $r->path('err');
        exec @{$client{$which}}, @words or exit 127;
    }
    waitpid $pid, 0;
    return {code => $? >> 8, out => slurp($r->path('out')), err => slurp($r->path('err'))};
}

# The clients' clocks, two minutes late: the register allows one.
my $shim = $r->file('late.c', "#include <time.h>\n#include <stddef.h>\ntime_t time(time_t *t)\n{\n    struct timespec n;\n"
    . "    clock_gettime(CLOCK_REALTIME, &n);\n    if (t)\n        *t = n.tv_sec - 120;\n    return n.tv_sec - 120;\n}\n");
is system("$cc -shared -fPIC -o $r->{dir}/late.so $shim"), 0, 'a late clock for C';
my $late_js = $r->file('late.cjs', "const now = Date.now;\nDate.now = () => now() - 120000;\n");
my %late = (C => {LD_PRELOAD => $r->path('late.so')}, TypeScript => {NODE_OPTIONS => "--require $late_js"});

is $r->run('demo', 'create')->{code}, 0, 'samples';
my $key = json($r->run('--json', '--actor', 'anna', 'user', 'key', 'create', '--name', 'app', '--scope',
    'check.batch', '--signed')->{out})->{key};
my $server = $r->serve;
my $url = "http://127.0.0.1:$server->{port}";
my @samples = map { (split ' ')[0] } grep { !/clone_other/ } split /\n/, $r->run('demo', 'list')->{out};
my @told = map { $r->check($_) } @samples;

# A line as the clients print it, of what `tamga check --json` says.
sub line {
    my ($imei, $told) = @_;
    return "$imei\t$told->{error}" if $told->{error};
    return join "\t", $told->{imei}, $told->{list}, $told->{public_reason}, $told->{deadline} // '-';
}

# A whole message of HTTP: head and as much body as it says.
sub message {
    my ($socket) = @_;
    my $bytes = '';
    while ($bytes !~ /\r\n\r\n/ || length $' < ($bytes =~ /^content-length: *(\d+)/mi ? $1 : 0)) {
        sysread $socket, $bytes, 65536, length $bytes or last;
    }
    return $bytes;
}

sub passed_on {
    my ($bytes) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $server->{port}) or return '';
    syswrite $socket, $bytes;
    return message($socket);
}

# Runs a client through somebody between it and the register, who keeps what he hears.
sub overheard {
    my ($which, $env, @words) = @_;
    my $ear = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1, Timeout => 20) or die;
    my $pid = fork // die;
    if (!$pid) {
        my $got = run($which, {%$env, TAMGA_URL => 'http://127.0.0.1:' . $ear->sockport}, @words);
        POSIX::_exit($got->{code});
    }
    my %heard = (bytes => '', answer => '', nonce => '');
    if (my $client = $ear->accept) {
        $heard{bytes} = message($client);
        ($heard{nonce}) = $heard{bytes} =~ /nonce=([^,]+)/;
        syswrite $client, $heard{answer} = passed_on($heard{bytes});
        close $client;
    }
    waitpid $pid, 0;
    return \%heard;
}

for my $which (sort keys %client) {
    my %env = (TAMGA_URL => $url, TAMGA_KEY => $key);
    my $got = run($which, \%env, @samples);
    is_deeply [split /\n/, $got->{out}], [map { line($samples[$_], $told[$_]) } 0 .. $#samples],
      "$which: all samples as the shell tells them" or diag $got->{err};
    is $got->{code}, 1, "$which: some are not served";
    $got = run($which, \%env, $samples[0]);
    is "$got->{code} $got->{out}", '0 ' . line($samples[0], $told[0]) . "\n", "$which: one that is served";
    $got = run($which, \%env, map { imei($_) } 1 .. 1000);
    is scalar(() = $got->{out} =~ /\n/g), 1000, "$which: a thousand at once";

    my ($number) = (Register::http($server, 'GET', "/api/v1/check/$samples[0]"))[1] =~ /"check_number":"([^"]+)"/;
    $got = run($which, {TAMGA_URL => $url}, '--number', $number);
    like "$got->{code} $got->{out}", qr/^0 genuine\t\S+\twhite\tVERIFIED\n/, "$which: a number of the register's";
    $got = run($which, {TAMGA_URL => $url}, '--number', '00000-00000-00000-00000');
    is "$got->{code} $got->{out}", "1 not genuine\n", "$which: and one that is not";

    my $wrong = $key =~ s/.\z/$& eq '0' ? 1 : 0/er;
    $got = run($which, {%env, TAMGA_KEY => $wrong}, $samples[0]);
    is $got->{code}, 2, "$which: a wrong key";
    like $got->{err}, qr/401 SIGNATURE: /, "$which: is named";

    $got = run($which, {%env, %{$late{$which}}}, $samples[0]);
    is $got->{code}, 2, "$which: a clock that is two minutes late";
    like $got->{err}, qr/401 SIGNATURE_TIME: /, "$which: is named";
    my ($first, $second) = map { overheard($which, \%env, $samples[0]) } 1, 2;
    like $first->{answer}, qr{^HTTP/1.1 200}, "$which: a request that is overheard";
    like passed_on($first->{bytes}), qr{^HTTP/1.1 401.*"SIGNATURE_USED"}s, "$which: counts once";
    isnt $first->{nonce}, $second->{nonce}, "$which: each has its own nonce";
    like overheard($which, {}, '--number', "../check/$samples[0]?x")->{bytes}, qr{^GET /api/v1/check-number/\S+ HTTP}i,
      "$which: a number is no path";
    is run($which, {%env, TAMGA_KEY => 'secret'}, $samples[0])->{code}, 2, "$which: what is no key";
    is run($which, {%env, TAMGA_URL => 'http://127.0.0.1:1'}, $samples[0])->{code}, 2, "$which: nobody there";
    is run($which, {})->{code}, 2, "$which: how it is called";
}

my $got = run('C', {TAMGA_URL => $url, TAMGA_KEY => $key}, $samples[0], "\xff");
is "$got->{code} $got->{out}", '2 ', 'C: what is no text is not left out in silence';

# --- told to wait ---

is Register::stop($server->{pid}), 0, 'stopped';
$r->settings('[limits]', 'key_rate = 1', 'key_burst = 2');
$server = $r->serve;
for my $which (sort keys %client) {
    my %env = (TAMGA_URL => "http://127.0.0.1:$server->{port}", TAMGA_KEY => $key);
    my $began = time;
    run($which, \%env, @samples[0, 1]);
    my $got = run($which, \%env, @samples[0, 1]);
    is "$got->{code} $got->{out}", '0 ' . join('', map { line($samples[$_], $told[$_]) . "\n" } 0, 1),
      "$which: waits and is answered";
    like $got->{err}, qr/again in [12] s/, "$which: as long as it is told";
    cmp_ok time - $began, '>=', 1, "$which: and did wait";
}
done_testing;
