#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# bulk - a file of devices through the real program: DEVICES rows (1,000,000), two IMEIs each, uploaded in pieces
# of 8 MB, checked to the preview, filed, looked at against 10,000 declaration lines (100 devices each), approved by two
# officers, until the last phone is white in the index.
# bulk.pl [DEVICES [sqlite|postgres]] prints key=value pairs, in seconds. TAMGA: the program.
use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use FindBin;
use lib "$FindBin::Bin/../test/e2e";
use Bulk;
use Portal;
use Register;
use Test::More;
use Time::HiRes qw(time);

my $devices = shift // 1_000_000;
my $backend = shift // 'sqlite';
Test::More->builder->output('/dev/null');
my $r = Register->new(backend => $backend);
# The asking at the end is as one address may not: its limits are raised.
my $p = Portal->new($r, border => 0, settings => "[limits]\n" . join q{}, map { ("${_}_rate = 10000000\n", "${_}_burst = 10000000\n") } qw(person address public));
my $bin = $p->organisation('firm', 'ТОО Импорт', Portal::number_of('8501013'), '0101400');
use constant LINES => 10_000;
sub declaration { my ($n) = @_; return sprintf '55301/010126/%07d,2026-01-05,%s', $n / 10, $n % 10 + 1 }
my @declared = map { declaration($_) } 0 .. LINES - 1;
$r->run('customs', 'load', $r->file('customs.csv', lines('declaration_no,declaration_date,goods_item,declarant,quantity',
            map { "$_,$bin," . int($devices / LINES + 1) } @declared)))->{code} == 0 or die 'customs load';
$p->staff($_, 'officer') for 'erlan', 'dana';
$p->serve;
my $firm = $p->enter('firm');
my ($erlan, $dana) = map { $p->enter_staff($_) } 'erlan', 'dana';
my $b = Bulk->new($p, $firm);

# Serial numbers in an order that is not theirs, as boxes are packed.
sub phone { my ($n) = @_; my $at = ($n * 7_368_787) % 10_000_000; return luhn(sprintf '352%04d%07d', 6000 + $n % 7, $at) }
my $file = Register::lines($header, map {
        join ',', phone(2 * $_), phone(2 * $_ + 1), '', '', 'Samsung', 'Galaxy', $declared[$_ % LINES], 'CN', 'INV-1', '2025-11-20'
    } 1 .. $devices);
my $sha = sha256_hex($file);
my %took;
my $began = time;
sub lap { my ($name) = @_; my $now = time; $took{$name} = $now - $began; $began = $now; return }

my (undef, $u) = $b->begin(length $file);
for (my $at = 0; $at < length $file; $at += 8 << 20) {
    my ($status) = $b->piece($u->{id}, $at, substr $file, $at, 8 << 20);
    die "piece: $status" if $status != 200;
}
lap('upload');
$b->finish($u->{id}, $sha);
my $seen = $b->settled($u->{id}, 300);
die "not ready: $seen->{state}" if $seen->{state} ne 'ready' || $seen->{devices} != $devices;
lap('preview');
my (undef, $a) = $p->ask('POST', '/api/v1/applications', {kind => 'import', upload => $u->{id}}, $firm);
my $n = $a->{number};
my $filed;
Register::poll(300, sub { $filed = ($p->ask('GET', "/api/v1/desk/$n", undef, $erlan))[1]; return $filed->{checked} }) or die 'not checked';
lap('filed');
die "lines: $filed->{customs}{lines}, stopped $filed->{customs}{stopped}" if $filed->{customs}{lines} != LINES || $filed->{customs}{stopped};
$p->ask('POST', "/api/v1/desk/$n/claim", {}, $erlan);
$p->ask('POST', "/api/v1/desk/$n/decide", {approve => JSON::PP::true}, $erlan);
$began = time;
$p->ask('POST', "/api/v1/desk/$n/decide", {approve => JSON::PP::true}, $dana);
my @last = map { phone($_) } 2, 2 * $devices, 2 * $devices + 1;
Register::poll(300, sub { !grep { (($p->ask('GET', "/api/v1/check/$_"))[1]{list} // '') ne 'white' } @last }) or die 'not white';
lap('white');
my ($rss) = Register::slurp("/proc/$p->{server}{pid}/status") =~ /VmHWM:\s+(\d+)/;
printf "devices=%d bytes=%d upload=%.2f preview=%.2f filed=%.2f white=%.2f rss_mb=%d\n", $devices, length $file,
    @took{qw(upload preview filed white)}, $rss / 1024;
Register::stop($p->{server}{pid});
done_testing;
