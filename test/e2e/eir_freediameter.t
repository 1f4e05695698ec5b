#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# eir_freediameter - Debian's freeDiameter as a network element that asks a real EIR node: capabilities, equipment of every
# list, the watchdog, goodbyes from either side, TLS on a port of its own, and who is not on the list of peers.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Eir;
use FreeDiameter;
use File::Temp qw(tempdir);
use Register;
use Test::More;

my $extension = ($tamga =~ s{[^/]*\z}{}r) . 'test/fd_s13.fdx';
if (my $why = FreeDiameter::missing($extension)) {
    diag "SKIPPED: $why";
    plan skip_all => $why;
}

my $dir = tempdir('tamga-fd.XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $eir = Eir::start(tls => 1);
my %kept = (dir => $dir, ca => $eir->{ca}, extension => $extension, realm => 'mnc077.example', debug => 1);

# The questions: 14 digits as TS 29.272 has them, 15 as some networks send them; with and without the rest.
my @asked = map { ([substr($_->[0], 0, 14), '01', '401770000000001', $_->[1]], [$_->[0], '-', '-', $_->[1]]) }
    map { [Eir::imei_of($_), $_] } qw(white black grey unknown);
my %answer = (white => 'result=2001 experimental=0 status=0', black => 'result=2001 experimental=0 status=1',
    grey => 'result=2001 experimental=0 status=2', unknown => 'result=2001 experimental=0 status=2');
my @expected = ((map { "$_->[0] $answer{$_->[3]}" } @asked), 'done');

sub client {
    my ($host, %with) = @_;
    my $words = "ask $dir/$host.out mnc077.example\n" . join '', map { "@{$_}[0 .. 2]\n" } @{$with{asked} // \@asked};
    return FreeDiameter::start(%kept, host => $host, words => $words, to => {host => 'eir.mnc077.example', port => $with{tls} ? $eir->{s13_tls} : $eir->{s13}, tls => $with{tls}}, tw => $with{tw});
}

my $mme = client('mme1.mnc077.example', tw => 6);
ok poll(20, sub { grep { $_ eq 'done' } $mme->told }), 'freeDiameter asks';
is_deeply [$mme->told], \@expected, '... and is told white, black, grey, and what the operator says of the unknown'
    or diag substr $mme->log_text, -4000;
like $mme->log_text, qr/'STATE_WAITCEA'\s*-> 'STATE_OPEN'\s*'eir\.mnc077\.example'/, 'it took our capabilities';
like $mme->log_text, qr/Capabilities-Exchange-Answer\(257\).*Vendor-Specific-Application-Id/, '... S13 among them';
unlike $mme->log_text, qr/^\S+\s+(?:ERROR|FATAL)/m, 'and found no error in what it got' or diag join "\n", grep { /ERROR|FATAL/ } split /\n/, $mme->log_text;

my $secure = client('mme2.mnc077.example', tls => 1);
ok poll(20, sub { grep { $_ eq 'done' } $secure->told }), 'over TLS, both certificates looked at' or diag substr($secure->log_text, -3000), $eir->log_text;
is_deeply [$secure->told], \@expected, '... the same answers';
like $secure->log_text, qr/Connected to 'eir\.mnc077\.example' \(TCP,TLS/, '... over TLS indeed';

ok poll(20, sub { $mme->log_text =~ /'Device-Watchdog-Request'.*\n(?:.*\n)*?.*RCV from 'eir.*0\/280 f:----/ }), 'its watchdog is answered';
unlike $mme->log_text, qr/SUSPECT/, '... and no doubt arises';

my $stranger = FreeDiameter::start(%kept, host => 'mme.elsewhere.example', realm => 'elsewhere.example', words => "ask $dir/x.out mnc077.example\n",
    to => {host => 'eir.mnc077.example', port => $eir->{s13}});
ok poll(20, sub { $stranger->log_text =~ /UNKNOWN_PEER|3010/ }), 'who is on no list of ours is told so' or diag substr $stranger->log_text, -3000;
ok !$stranger->told, '... and asks nothing';
$stranger->stop(20);

ok $mme->stop(20), 'freeDiameter ends';
like $mme->log_text, qr/'Disconnect-Peer-Request'.*\n(?:.*\n)*?.*RCV from 'eir.*0\/282 f:----/, '... its goodbye is answered';
is $eir->stop, 0, 'the node ends';
ok poll(10, sub { $secure->log_text =~ /sent a DPR with cause: REBOOTING/ }), '... and says goodbye to who is left, as one who will be back' or diag substr $secure->log_text, -2000;
$secure->stop(20);
done_testing;
