#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# eir - a node beside its register: every sample answers the same by web, by S13 and by N5g-eir; a block reaches the
# networks within a second; what the register does not hear while it is away is told when it is back, once; a node that
# was killed begins where it stood, with the register away, too; a snapshot that was damaged is not believed; midnight.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Diameter;
use Eir;
use FreeDiameter;
use POSIX qw(strftime);
use Register;
use Test::More;
use Time::HiRes qw(time);

my $r = Register->new;
my $made = $r->run('demo', 'create');
is $made->{code}, 0, 'a register with its samples' or BAIL_OUT($made->{err});
my $node = $r->run('node', 'add', 'alpha/almaty', '--out', $r->path('node.key'));
is $node->{code}, 0, 'a node is added' or BAIL_OUT($node->{err});
my $server = $r->serve('--demo');
my $directory = $r->path('eir');

# ---- a node ----

# Starts it on the ports that it finds; more: words of its command line. {pid, s13, h2, metrics, log}.
sub node {
    my (@more) = @_;
    my $log = $r->path('eir.log');
    my $self = Eir::launch($log, $Eir::program, '--registry', "http://127.0.0.1:$server->{port}", '--directory', $directory, '--key', $r->path('node.key'),
        '--diameter', '127.0.0.1:0', '--sbi', '127.0.0.1:0', '--metrics', '127.0.0.1:0', @more);
    return $self // BAIL_OUT('tamga-eir did not start: ' . slurp($log));
}

sub mme {
    my ($self) = @_;
    my $c = Diameter->new(port => $self->{s13}, host => 'mme1.localdomain', realm => 'localdomain') or die 'no S13';
    my $cea = $c->greet;
    die 'no CEA' unless $cea && $cea->{'Result-Code'} == 2001;
    return $c;
}

# What S13 says of an IMEI (its first 14 digits), asked by that subscriber.
sub s13 { my ($c, $imei, $imsi) = @_; return Diameter::said($c->ask(imei => substr($imei, 0, 14), imsi => $imsi)) }

# What N5g-eir says.
sub n5g {
    my ($self, $imei, $imsi) = @_;
    my $url = "http://127.0.0.1:$self->{h2}/n5g-eir-eic/v1/equipment-status?pei=imeisv-" . substr($imei, 0, 14) . '01' . ($imsi ? "&supi=imsi-$imsi" : '');
    my $out = qx{curl -sS --max-time 10 --http2-prior-knowledge '$url'};
    my $said = eval { json($out) } // {};
    return lc(($said->{status} // $said->{cause} // "no answer: $out") =~ s/LISTED//r);
}

sub health { my ($self) = @_; return json((Register::http({port => $self->{metrics}}, 'GET', '/healthz'))[1]) }

# ---- the samples, three ways ----

my $eir = node();
my $mme = mme($eir);
my @samples = slurp($r->path('serve.out')) =~ /^  (\d{15}) +(\w+) +/mg;
cmp_ok @samples / 2, '>=', 24, 'samples are told';
my (@by_web, @by_s13, @by_n5g, %heard);
for (my $i = 0; $i < @samples; $i += 2) {
    my ($imei, $id) = @samples[$i, $i + 1];
    next if $id eq 'mistyped';
    my $imsi = {clone_pair => '401011234567890', clone_other => '401019876543210'}->{$id};
    my ($line) = $r->check($imsi ? ('--imsi', $imsi) : (), $imei);
    my ($status, $body) = Register::http($server, 'GET', "/api/v1/check/$imei");
    is json($body)->{reason}, $line->{public_reason}, "$id by web and by the shell" unless $imsi;
    # What a network hears: exempt is white, the unknown is grey unless its operator wants other.
    my $list = {exempt => 'white', unknown => 'grey'}->{$line->{list}} // $line->{list};
    push @by_web, "$id $list";
    push @by_s13, "$id " . s13($mme, $imei, $imsi);
    push @by_n5g, "$id " . n5g($eir, $imei, $imsi);
}
is_deeply \@by_s13, \@by_web, 'every sample by S13 as by web';
is_deeply \@by_n5g, \@by_web, 'every sample by N5g-eir as by web';

# ---- a block ----

my $phone = imei(77);
is s13($mme, $phone), 'grey', 'nobody knows this phone';
my (@took);
for my $n (78 .. 80) {
    my $imei = imei($n);
    is $r->run('suspend', '--mark', 'stolen', '--by', 'police', '--order', $n, $imei)->{code}, 0, 'a theft';
    my $began = time;
    ok poll(5, sub { return s13($mme, $imei) eq 'black' }), 'reaches S13';
    push @took, time - $began;
}
cmp_ok((sort { $a <=> $b } @took)[-1], '<', 1, sprintf 'within a second of its commit (%s s)', join ' ', map { sprintf '%.3f', $_ } @took);
is n5g($eir, imei(78)), 'black', 'and N5g-eir';

# ---- first uses ----

sub first_uses { my ($n, $count) = @_; return map { imei($_) } $n .. $n + $count - 1 }
my @first = first_uses(200, 20);
is s13($mme, $_, '401011111111111'), 'grey', 'a first use is let in' for @first[0, 1];
s13($mme, $_, '401011111111111') for @first;
ok poll(10, sub { return $eir->metric('tamga_eir_sightings_sent_total') == 20 }), 'the register is told of twenty'
  or diag(slurp($eir->{log}));
is_deeply [map { $_->{used} ? 1 : 0 } $r->check(@first)], [(1) x 20], 'and knows them as used';
is $eir->metric('tamga_eir_sightings_repeated_total') + 0, 2, 'those that were asked twice were told once';
ok poll(5, sub { return health($eir)->{behind} == 0 }), 'their rows come back';

# ---- the register is away ----

my $port = $server->{port};
Register::stop($server->{pid}, 'KILL');
my @later = first_uses(300, 10);
is s13($mme, imei(78)), 'black', 'answers go on';
s13($mme, $_, '401011111111111') for @later;
ok poll(5, sub { return $eir->metric('tamga_eir_sightings_spooled_total') == 30 }), 'first uses are written down';
is $eir->end('KILL'), 9, 'the node is killed, too';
my ($expired) = map { $samples[$_ - 1] } grep { $samples[$_] eq 'expired' } 0 .. $#samples;
$eir = node('--now', strftime('%Y-%m-%dT%H:%M:%SZ', gmtime time + 25 * 3600), '--set', 'node.stale=grey');
is health($eir)->{status}, 'stale', 'a day later it says that it hears nothing';
like slurp($eir->{log}), qr/level=alarm event=stale/, '... as an alarm';
$mme = mme($eir);
is s13($mme, $expired), 'grey', 'its operator has it refuse nobody then';
is s13($mme, imei(79)), 'black', '... but the stolen';
is $eir->end, 0, 'a clean end';
$eir = node();
$mme = mme($eir);
is s13($mme, imei(79)), 'black', 'a start without the register answers from snapshot and log';
is n5g($eir, $samples[0]), 'white', 'all of it';
is s13($mme, $expired), 'black', '... as it was';
my $second = qx{$Eir::program --registry http://127.0.0.1:$port --directory $directory --key @{[$r->path('node.key')]} --diameter 127.0.0.1:0 2>&1};
like $second, qr/another node works in/, 'a second node in its directory is refused';
cmp_ok $eir->metric('tamga_eir_feed_errors_total'), '>=', 0, 'it has tried';
is health($eir)->{status}, 'ok', 'and is not stale yet';
$server = $r->serve('--listen', "127.0.0.1:$port");
ok poll(90, sub { return $eir->metric('tamga_eir_sightings_sent_total') == 10 }), 'the register is back: it is told of the ten'
  or diag(slurp($eir->{log}));
is_deeply [map { $_->{used} ? 1 : 0 } $r->check(@later)], [(1) x 10], 'none is lost by the kill';
is $r->run('suspend', '--mark', 'lost', '--by', 'police', '--order', '9', imei(90))->{code}, 0, 'a block';
ok poll(70, sub { return s13($mme, imei(90)) eq 'black' }), 'the feed goes on';
is $eir->end, 0, 'a clean end';

# ---- what is damaged is not believed ----

my @snapshots = sort glob "$directory/snapshot-*.tgix";
is scalar(@snapshots), 1, 'one snapshot is kept';
my $good = slurp($snapshots[0]);
my ($seq) = $snapshots[0] =~ /-(\d+)\.tgix/;
my $bad = $good;
substr($bad, length($bad) / 2, 1) ^= "\x10";
spew("$directory/snapshot-" . ($seq + 1000) . '.tgix', $bad);
$eir = node();
like slurp($eir->{log}), qr/level=alarm event=snapshot_refused error=SNAPSHOT/, 'a snapshot with one bit turned is refused, loudly';
is s13(mme($eir), imei(90)), 'black', 'the last good one is used';
is $eir->metric('tamga_eir_snapshots_refused_total') + 0, 1, 'and it is counted';
is $eir->end, 0, 'a clean end';
unlink glob("$directory/snapshot-*"), glob("$directory/feed-*");
spew("$directory/snapshot.part", substr($good, 0, length($good) / 2)); # of a download that broke off, and of nobody knows when
$eir = node();
is s13(mme($eir), imei(90)), 'black', 'what is left of another download does no harm';
is $eir->end, 0, 'a clean end';

# A download that broke off goes on where it broke off: what is there is the beginning of what the register has.
unlink glob("$directory/snapshot*"), glob("$directory/feed-*");
my ($key) = slurp($r->path('node.key')) =~ /^api_key=(.+)$/m;
my ($status, $whole, $head) = Register::http($server, 'GET', '/api/v1/snapshot', {Authorization => "Bearer $key"});
is $status, 200, 'a snapshot';
my ($etag) = $head =~ /^ETag: (\S+)/mi;
spew("$directory/snapshot.part", substr($whole, 0, 10_000));
spew("$directory/snapshot.etag", $etag);
$eir = node();
like slurp($eir->{log}), qr/event=snapshot_download from=10000$/m, 'a download goes on where it broke off';
is s13(mme($eir), imei(90)), 'black', '... and is whole';
is $eir->end, 0, 'a clean end';

# ---- the register was restored ----

$eir = node();
$mme = mme($eir);
my $before = $r->copy_of;
is $r->run('suspend', '--mark', 'stolen', '--by', 'police', '--order', '10', imei(95))->{code}, 0, 'a block';
ok poll(5, sub { return s13($mme, imei(95)) eq 'black' }), 'arrives';
Register::stop($server->{pid});
$server = $before->serve('--listen', "127.0.0.1:$port");
is $before->run('suspend', '--mark', 'stolen', '--by', 'police', '--order', '11', imei(96))->{code}, 0, 'the register of an hour ago goes another way';
ok poll(90, sub { return s13($mme, imei(96)) eq 'black' }), 'the node takes a new snapshot' or diag(slurp($eir->{log}));
is s13($mme, imei(95)), 'grey', 'and forgets what the register has forgotten';
is $eir->end, 0, 'a clean end';

# ---- a clock that is ahead ----

use POSIX qw(strftime);
unlink glob "$directory/snapshot-* $directory/feed-*";
$eir = node('--now', strftime('%Y-%m-%dT%H:%M:%SZ', gmtime time + 7200));
$mme = mme($eir);
ok poll(20, sub { return $eir->metric('tamga_eir_clock_ahead_seconds') > 7000 }), 'a clock that is two hours ahead is told';
is s13($mme, imei(99), '401011111111111'), 'grey', 'a first use';
ok poll(30, sub { return $eir->metric('tamga_eir_sightings_corrected_total') >= 1 && $eir->metric('tamga_eir_sightings_sent_total') >= 1 }), 'is sent again with the register\'s time, and taken' or diag(slurp($eir->{log}));
is $eir->metric('tamga_eir_sightings_refused_total'), 0, 'none is given up';
is $eir->metric('tamga_eir_older_heads_total'), 0, 'and the register is believed from its first head on';
like slurp($eir->{log}), qr/level=alarm event=sightings_ahead count=1 /, 'it is alarmed';
is $eir->end, 0, 'a clean end';

# ---- restored to the very place of the node's snapshot: its log is of another register ----

Register::stop($server->{pid});
$server = $before->serve('--listen', "127.0.0.1:$port"); # whose snapshot stands at its end
unlink glob "$directory/snapshot-* $directory/feed-*";
$eir = node();
$mme = mme($eir);
my $very = $before->copy_of;
is $before->run('suspend', '--mark', 'stolen', '--by', 'police', '--order', '12', imei(97))->{code}, 0, 'a block';
ok poll(5, sub { return s13($mme, imei(97)) eq 'black' }), 'arrives, into the log behind the snapshot';
my ($kept) = glob "$directory/snapshot-*.tgix";
Register::stop($server->{pid});
$server = $very->serve('--listen', "127.0.0.1:$port");
ok poll(90, sub { return s13($mme, imei(97)) eq 'grey' }), 'the node forgets it again' or diag(slurp($eir->{log}));
is_deeply [glob "$directory/snapshot-*.tgix"], [$kept], 'with a snapshot of the same number';
is $very->run('suspend', '--mark', 'stolen', '--by', 'police', '--order', '13', imei(98))->{code}, 0, 'the register goes another way';
ok poll(30, sub { return s13($mme, imei(98)) eq 'black' }), 'and is followed' or diag(slurp($eir->{log}));
is $eir->end, 0, 'a clean end';

done_testing;
