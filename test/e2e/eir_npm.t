#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# eir_npm - the npm package `diameter` as a client of a real EIR node: another codec with a dictionary of its own names what
# we say. The package is fetched as test/peers/package-lock.json pins it; without npm or a registry the test says so.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Eir;
use Register;
use Test::More;

my $peers = "$FindBin::Bin/../peers";
my $fetched = -d "$peers/node_modules/diameter"
    || `cd $peers && timeout 120 npm ci --ignore-scripts --no-audit --no-fund 2>&1` && -d "$peers/node_modules/diameter";
if (!$fetched) {
    diag 'SKIPPED: npm cannot fetch the package `diameter`';
    plan skip_all => 'npm cannot fetch the package `diameter`';
}

my $eir = Eir::start(settings => {node => {unknown => 'unknown'}});
my @lists = qw(white black grey unknown);
my @asked = map { substr(Eir::imei_of($_), 0, 14) . ':401770000000001' } @lists;
my @lines = `node $peers/npm_s13.cjs $eir->{s13} mme1.mnc077.example mnc077.example @asked 2>&1`;
is $?, 0, 'the client has all its answers' or diag @lines;
my @got = map { json($_) } grep { /^\{/ } @lines;
is_deeply [map { $_->{command} } @got], ['Capabilities-Exchange', ('3GPP-ME-Identity-Check') x 4, 'Device-Watchdog', 'Disconnect-Peer'], 'in the order of the questions';

sub value { my ($message, $name) = @_; return (map { $_->[1] } grep { $_->[0] eq $name } @{$message->{body}})[0] }

my ($cea, @checks) = @got;
is value($cea, 'Result-Code'), 'DIAMETER_SUCCESS', 'CEA: success';
is value($cea, 'Origin-Host'), 'eir.mnc077.example', '... our name';
is_deeply {map { $_->[0] => $_->[1] } @{value($cea, 'Vendor-Specific-Application-Id')}}, {'Vendor-Id' => 10415, 'Auth-Application-Id' => '3GPP S13'}, '... S13 of 3GPP';
ok value($cea, $_), "... $_" for 'Host-IP-Address', 'Product-Name', 'Origin-Realm';

my ($dwa, $dpa) = splice @checks, 4, 2;
for my $i (0 .. 3) {
    my $m = $checks[$i];
    is_deeply [$m->{application}, $m->{flags}{request}, $m->{flags}{proxiable}, $m->{flags}{error}], [16777252, JSON::PP::false, JSON::PP::true, JSON::PP::false], "$lists[$i]: the head of an ECA";
    is value($m, 'Session-Id'), 'mme1.mnc077.example;1;' . ($i + 1), '... of its session';
    is $m->{body}[0][0], 'Session-Id', '... which comes first';
    is value($m, 'Auth-Session-State'), 'NO_STATE_MAINTAINED', '... no state is kept';
    if ($lists[$i] eq 'unknown') {
        is_deeply {map { $_->[0] => $_->[1] } @{value($m, 'Experimental-Result')}}, {'Vendor-Id' => 10415, 'Experimental-Result-Code' => 'DIAMETER_ERROR_EQUIPMENT_UNKNOWN'}, '... equipment unknown';
        is value($m, 'Equipment-Status'), undef, '... no status';
        is value($m, 'Result-Code'), undef, '... no other result';
    } else {
        is value($m, 'Result-Code'), 'DIAMETER_SUCCESS', '... success';
        is value($m, 'Equipment-Status'), uc("$lists[$i]LISTED"), '... its list';
    }
}
is value($_, 'Result-Code'), 'DIAMETER_SUCCESS', 'watchdog and goodbye are answered' for $dwa, $dpa;
is $eir->stop, 0, 'the node ends';
done_testing;
