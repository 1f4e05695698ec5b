#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# eir_tshark - Wireshark's dissectors read what a real EIR node says: no expert warns of it, and every field is what our own
# reading of the bytes says. S13 with each kind of message and each refusal; N5g-eir with each answer.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Diameter qw(avp number grouped message);
use Eir;
use Http2;
use Pcap;
use Register;
use Test::More;

plan skip_all => 'tshark is not installed (packages-test.txt)' unless grep { -x "$_/tshark" } split /:/, $ENV{PATH};

my $eir = Eir::start(settings => {node => {unknown => 'unknown'}});
my $dir = $eir->{dir};
my ($S13, $H2) = ('tcp.port==3868,diameter', 'tcp.port==8080,http2');

# Only what the node said: our own questions are wrong on purpose, some of them. An AVP that nobody knows comes back in a
# Failed-AVP (RFC 6733 7.5), and a command of nobody in an answer that says so.
sub warnings_of_ours { my ($file, $decode, $port) = @_; return grep { !/Unknown (?:AVP 31337|command)/ } Pcap::tshark($file, '-d', $decode, '-Y', "tcp.srcport == $port && _ws.expert.severity >= 0x00600000", '-T', 'fields', '-e', 'frame.number', '-e', '_ws.expert.message') }

# ---- S13 ----

my @flows;
sub peer { my (%with) = @_; my $p = Diameter->new(port => $eir->{s13}, %with); push @flows, $p; return $p }

my $p = peer();
my @m = ($p->greet);
push @m, $p->ask(imei => substr(Eir::imei_of($_), 0, 14), version => '01', imsi => '401770000000001') for qw(white black grey unknown);
push @m, $p->ask(imei => Eir::imei_of('black'), more => join '', map { grouped('Proxy-Info', avp('Proxy-Host', "p$_.example"), avp('Proxy-State', "state $_")) } 1 .. 3);
push @m, $p->ask(imei => '1234567890123');
push @m, $p->ask(terminal => '');
push @m, $p->ask(imei => substr(Eir::imei_of('white'), 0, 14), more => avp(31337, 'what?', flags => 0x40));
push @m, do { $p->send(message(999, Diameter::ecr_body($p, imei => Eir::imei_of('white')), flags => 0xC0, app => Diameter::S13, hop => 77)); $p->hear };
push @m, do { $p->send(message(316, Diameter::ecr_body($p, imei => Eir::imei_of('white')), flags => 0xC0, app => 16777251, hop => 78)); $p->hear };
push @m, do { $p->send(message(280, Diameter::origin($p), hop => 79)); $p->hear };
push @m, $p->part;
is scalar(grep { defined } @m), 13, 'the node answers each' or note explain \@m;
is join(' ', map { Diameter::said($_) } @m), '2001 white black grey unknown black 5004 5005 5001 3001 3007 2001 2001', '... as it should';

my $foreign = peer(host => 'mme.elsewhere.example', realm => 'elsewhere.example');
push @m, $foreign->greet;
is Diameter::said($m[-1]), 3010, 'a peer on no list';
my $other = peer(host => 'hss1.mnc077.example');
$other->send(message(257, Diameter::origin($other) . avp('Host-IP-Address', pack 'nC4', 1, 127, 0, 0, 1) . number('Vendor-Id', 10415) . avp('Product-Name', 'x') . number('Auth-Application-Id', 4)));
push @m, $other->hear;
is Diameter::said($m[-1]), 5010, 'a peer that speaks another application';

my @rows;
for my $i (0 .. $#flows) {
    my $file = Pcap::keep("$dir/s13.$i.pcap", 3868, @{$flows[$i]{flow}});
    is_deeply [warnings_of_ours($file, $S13, 3868)], [], "connection $i: no expert warns of us";
    push @rows, Pcap::fields($file, $S13, 'diameter && tcp.srcport == 3868', qw(diameter.cmd.code diameter.flags diameter.applicationId diameter.hopbyhopid diameter.endtoendid
        diameter.Session-Id diameter.Result-Code diameter.Experimental-Result-Code diameter.Equipment-Status diameter.Origin-Host diameter.Auth-Session-State diameter.Proxy-Host diameter.Vendor-Id));
}
is scalar(@rows), scalar(@m), 'tshark sees as many answers';
for my $i (0 .. $#m) {
    my ($m, $row) = ($m[$i], $rows[$i]);
    my $experimental = $m->{'Experimental-Result'} // {};
    my @ours = ($m->{command}, sprintf('0x%02x', $m->{flags}), $m->{app}, sprintf('0x%08x', $m->{hop}), sprintf('0x%08x', $m->{end}),
        map { $_ // '' } $m->{'Session-Id'}, $m->{'Result-Code'}, $experimental->{'Experimental-Result-Code'}, $m->{'Equipment-Status'}, $m->{'Origin-Host'}, $m->{'Auth-Session-State'});
    is_deeply [@{$row}[0 .. 10]], \@ours, 'answer ' . ($i + 1) . ': ' . Diameter::said($m);
}
is $rows[5][11], 'p1.example,p2.example,p3.example', 'three Proxy-Infos come back in order';
like $rows[0][12], qr/\b10415\b/, 'CEA: vendor 3GPP';

# ---- N5g-eir ----

my $h = Http2->new(port => $eir->{h2}, preface => 1);
my $root = '/n5g-eir-eic/v1/equipment-status';
my %body;
for my $kind (qw(white black grey unknown)) {
    my $got = $h->ask("$root?pei=imeisv-" . substr(Eir::imei_of($kind), 0, 14) . '01&supi=imsi-401770000000001');
    ok $got->{ended}, "N5g-eir, $kind: answered";
    $body{$kind} = $got->{body};
}
$body{$_} = $h->ask($root . $_)->{body} for '', '?pei=imei-1', '?pei=mac-00-00-5e-00-53-00';
$body{nowhere} = $h->ask('/n5g-eir-eic/v1/nowhere')->{body};
my $file = Pcap::keep("$dir/h2.pcap", 8080, @{$h->{flow}});
is_deeply [warnings_of_ours($file, $H2, 8080)], [], 'no expert warns of us';
my @status = map { split /,/, $_->[0] } Pcap::fields($file, $H2, 'http2.headers.status && tcp.srcport == 8080', 'http2.headers.status');
is_deeply \@status, [200, 200, 200, 404, 400, 400, 404, 404], 'tshark reads each status';
my $data = join '', map { pack 'H*', $_->[0] =~ s/[:,]//gr } Pcap::fields($file, $H2, 'http2.data.data && tcp.srcport == 8080', 'http2.data.data');
is $data, join('', @body{qw(white black grey unknown), '', '?pei=imei-1', '?pei=mac-00-00-5e-00-53-00', 'nowhere'}), '... and the same bodies';
is json($body{$_})->{status}, uc("${_}LISTED"), "$_ in JSON" for qw(white black grey);
is json($body{unknown})->{cause}, 'ERROR_EQUIPMENT_UNKNOWN', 'the unknown has its cause';
my @types = map { split /,/, $_->[0] } Pcap::fields($file, $H2, 'http2.headers.content_type && tcp.srcport == 8080', 'http2.headers.content_type');
is_deeply [@types[0 .. 3]], ['application/json', 'application/json', 'application/json', 'application/problem+json'], 'content types';
is $eir->stop, 0, 'the node ends';
done_testing;
