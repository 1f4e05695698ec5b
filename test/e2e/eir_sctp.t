#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# eir_sctp - a real EIR node that listens on SCTP, and calls by it, asked by peers of ours and by Debian's freeDiameter. It needs a
# kernel that has SCTP, which few machines load and many lack: so the node and its peers run in Debian's User-Mode Linux
# (Uml.pm; what they do stands in eir_sctp_inside.pl), and tshark reads here what they kept of the wire there.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Cwd qw(abs_path);
use Eir;
use File::Temp qw(tempdir);
use FreeDiameter;
use Pcap;
use Register;
use Sctp;
use Test::More;
use Uml;

my $why = Uml::missing();
$why ||= 'the program is built with a sanitizer, whose address space User-Mode Linux does not have' if slurp($Eir::program) =~ /__asan_init|__tsan_init/;
if ($why) {
    diag "SKIPPED: $why";
    plan skip_all => $why;
}

my $dir = abs_path(tempdir('tamga-sctp.XXXXXX', TMPDIR => 1, CLEANUP => 1));
my ($snapshot, $key) = Eir::snapshot();
my $extension = abs_path(($tamga =~ s{[^/]*\z}{}r) . 'test/fd_s13.fdx') // '';
my $no_freediameter = FreeDiameter::missing($extension);
if (!$no_freediameter) { # certificates are made here: keys take their time there
    FreeDiameter::authority("$dir/ca");
    FreeDiameter::certificate("$dir/ca", $_) for qw(fd.mnc077.example);
}
my $console = Uml::boot(script => "$FindBin::Bin/eir_sctp_inside.pl", dir => $dir, seconds => 400, TAMGA => abs_path($tamga), SNAPSHOT => abs_path($snapshot), KEY => abs_path($key),
    $no_freediameter ? () : (EXTENSION => $extension));

# What it found there is told here.
my $told = -e "$dir/tap" ? slurp("$dir/tap") : '';
if (!$told && $console =~ /^(.*(?:ptrace|Operation not permitted|Permission denied).*)$/im) { # as in a container that forbids it
    diag "SKIPPED: User-Mode Linux does not boot here: $1";
    plan skip_all => "User-Mode Linux does not boot here: $1";
}
my $n = 0;
for my $line (split /\n/, $told) {
    if ($line =~ /^(not )?ok \d+(?: - (.*))?/) { $n++; ok !$1, $2 }
    elsif ($line =~ /^#\s?(.*)/) { diag $1 }
}
like $told, qr/^1\.\.$n$/m, 'the other kernel came to its end' or diag $told, $console;

# Wireshark reads it as we do.
my $pcap = "$dir/eir.pcap";
my ($port) = slurp("$dir/eir.log") =~ /event=listen face=s13 address=\S+ port=(\d+)/;
my @seen = Pcap::tshark($pcap, '-Y', "sctp.srcport == $port && diameter", '-T', 'fields', '-E', 'occurrence=a', '-e', 'diameter.cmd.code', '-e', 'sctp.data_payload_proto_id');
my @codes = map { split /,/, (split /\t/)[0] } @seen;
cmp_ok scalar(@codes), '>', 300, 'tshark finds Diameter in what the node sent: ' . @codes;
is_deeply [grep { $_ != 46 } map { split /,/, (split /\t/)[1] } @seen], [], '... of payload protocol 46';
is_deeply [Pcap::tshark($pcap, '-Y', "sctp.srcport == $port && diameter && _ws.expert.severity >= 0x00600000", '-T', 'fields', '-e', '_ws.expert.message')], [], '... and nothing to warn of';
done_testing;
