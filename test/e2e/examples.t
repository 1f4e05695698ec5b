#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# examples - the sample clients of examples/, in C and in TypeScript, against a real register: they say
# what `tamga check` says, wait when they are told to, and end as they promise. The worked signature of
# their README is computed here once more.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Digest::SHA qw(sha256_hex hmac_sha256_hex);
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
    is run($which, {%env, TAMGA_KEY => 'secret'}, $samples[0])->{code}, 2, "$which: what is no key";
    is run($which, {%env, TAMGA_URL => 'http://127.0.0.1:1'}, $samples[0])->{code}, 2, "$which: nobody there";
    is run($which, {})->{code}, 2, "$which: how it is called";
}

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
