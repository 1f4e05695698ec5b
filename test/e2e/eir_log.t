#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# eir_log - a node's disk: a feed log that is longer than its limit leads to a new snapshot and a new log; one that finds
# no room is given up, and answers stay as right as they were; a spool that finds no room loses first uses, counted, and
# goes on when there is room again.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Diameter;
use Eir;
use Register;
use Test::More;

# A node in the directory; mount: on a file system of its own of so many bytes. {pid, log, s13, metrics}.
sub node {
    my ($r, $server, $directory, %with) = @_;
    my @words = ($Eir::program, '--registry', "http://127.0.0.1:$server->{port}", '--directory', $directory, '--key', $r->path('node.key'),
        '--diameter', '127.0.0.1:0', '--metrics', '127.0.0.1:0', '--set', 'node.log_bytes=1048576', '--set', 'node.threads=1');
    if ($with{mount}) {
        mkdir $directory, 0700;
        unshift @words, 'unshare', '-m', 'sh', '-c', "mount -t tmpfs -o size=$with{mount},mode=700 tamga $directory && exec \"\$@\"", 'sh';
    }
    my $self = Eir::launch("$directory.log", @words) // BAIL_OUT('tamga-eir did not start: ' . slurp("$directory.log"));
    $self->{mme} = Diameter->new(port => $self->{s13}, host => 'mme1.localdomain', realm => 'localdomain') or die 'no S13';
    die 'no CEA' unless $self->{mme}->greet->{'Result-Code'} == 2001;
    return $self;
}

sub said { my ($self, $imei, $imsi) = @_; return Diameter::said($self->{mme}->ask(imei => substr($imei, 0, 14), imsi => $imsi)) }

# Phones of an amnesty, strewn over the numbers, so that a row is no shorter than most.
sub amnesty {
    my ($r, $from, $count) = @_;
    my @imeis = map { imei($_ * 7919 % 1_000_000) } $from .. $from + $count - 1;
    $r->file('amnesty.txt', lines('imei', @imeis));
    my $got = $r->run('import', 'amnesty', $r->path('amnesty.txt'));
    is $got->{code}, 0, "an amnesty of $count phones" or diag $got->{err};
    return @imeis;
}

my $r = Register->new;
is $r->run('suspend', '--mark', 'stolen', '--by', 'police', '--order', '1', imei(1))->{code}, 0, 'a register';
is $r->run('node', 'add', 'alpha', '--out', $r->path('node.key'))->{code}, 0, 'with a node';
my $server = $r->serve;

# ---- a log that grows ----

my $directory = $r->path('long');
my $eir = node($r, $server, $directory);
is $eir->metric('tamga_eir_snapshots_total') + 0, 1, 'a first snapshot';
Register::stop($server->{pid}); # so that it has no snapshot that is new enough
my @white = amnesty($r, 2, 150_000);
$server = $r->serve('--listen', "127.0.0.1:$server->{port}");
ok poll(60, sub { return $eir->metric('tamga_eir_snapshots_total') == 2 }), 'a log above its limit leads to another' or diag slurp($eir->{log});
like slurp($eir->{log}), qr/event=snapshot_wanted why=log$/m, '... for that reason';
ok poll(10, sub { return $eir->metric('tamga_eir_feed_log_bytes') < 65536 }), 'the log begins anew';
is said($eir, $_), 'white', 'what was in the old one is known' for @white[0, -1];
is scalar(my @two = glob "$directory/snapshot-*.tgix"), 2, 'the snapshot before is kept';
is $r->run('suspend', '--mark', 'lost', '--by', 'police', '--order', '2', $white[5])->{code}, 0, 'a block';
ok poll(10, sub { return said($eir, $white[5]) eq 'black' }), 'the feed goes on behind it';

# The register makes no snapshot so soon after the last: the node is given the one that it has, and asks once.
my @more = amnesty($r, 200_000, 150_000);
ok poll(30, sub { return slurp($eir->{log}) =~ /event=snapshot error=NOT_NOW/ }), 'the log is above its limit again' or diag slurp($eir->{log});
for my $n (3 .. 5) {
    is $r->run('suspend', '--mark', 'lost', '--by', 'police', '--order', $n, $more[$n])->{code}, 0, 'a block';
    ok poll(10, sub { return said($eir, $more[$n]) eq 'black' }), '... comes';
}
is scalar(my @wanted = slurp($eir->{log}) =~ /event=snapshot_wanted why=log/g), 2, 'it does not ask for a snapshot again and again';
is said($eir, $more[-1]), 'white', 'and keeps its log';
is $eir->end('KILL'), 9, 'killed';
$eir = node($r, $server, $directory);
is $eir->metric('tamga_eir_snapshots_total') + 0, 0, 'a start takes none';
is said($eir, $white[5]), 'black', '... and knows all';
is $eir->end, 0, 'a clean end';

# ---- a disk that is full ----

SKIP: {
    skip 'no mount namespace here', 1 unless $> == 0 && system('unshare -m true 2>/dev/null') == 0;
    my $small = Register->new;
    is $small->run('suspend', '--mark', 'stolen', '--by', 'police', '--order', '1', imei(1))->{code}, 0, 'another register';
    is $small->run('node', 'add', 'alpha', '--out', $small->path('node.key'))->{code}, 0, 'with a node';
    my $serves = $small->serve;
    my $node = node($small, $serves, $small->path('full'), mount => 131072);
    @white = amnesty($small, 2, 50_000);
    ok poll(30, sub { return slurp($node->{log}) =~ /level=alarm event=log_lost/ }), 'a log without room is given up, loudly' or diag slurp($node->{log});
    ok poll(10, sub { return said($node, $white[-1]) eq 'white' }), 'its batch is shown all the same';
    is said($node, $white[0]), 'white', '... from its beginning';
    is $small->run('suspend', '--mark', 'lost', '--by', 'police', '--order', '2', imei(900_001))->{code}, 0, 'a block';
    ok poll(10, sub { return said($node, imei(900_001)) eq 'black' }), '... comes without a log';

    # What is left of the room is taken, so that the spool has none; again and again, for the node may give some back.
    my $fill = "nsenter -t $node->{pid} -m sh -c 'cat /dev/zero >>@{[$small->path('full')]}/rest 2>/dev/null'";
    my $n = 910_000;
    ok poll(20, sub { system $fill; said($node, imei($n++), '401011111111111'); return $node->metric('tamga_eir_sightings_lost_total') > 0 }), 'first uses without room are lost, and counted';
    like slurp($node->{log}), qr/level=alarm event=sightings_spool/, '... and told';
    is said($node, $white[0]), 'white', 'answers go on';
    is system("nsenter -t $node->{pid} -m mount -o remount,size=67108864 @{[$small->path('full')]}"), 0, 'there is room again';
    my $sent = $node->metric('tamga_eir_sightings_sent_total');
    ok poll(30, sub { said($node, imei($n++), '401011111111111'); return $node->metric('tamga_eir_sightings_sent_total') > $sent }), 'the spool is written again';
    is $node->end, 0, 'a clean end';
    Register::stop($serves->{pid});
}

done_testing;
