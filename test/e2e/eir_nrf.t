#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# eir_nrf - a real EIR node and an NRF that is not ours: it registers, beats, registers anew where it was forgotten, goes on
# answering while the NRF is away, slow or of another opinion, tries several, takes leave at its end; with and without TLS.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Eir;
use FreeDiameter;
use Nrf;
use POSIX qw(strftime);
use Register;
use Test::More;
use Time::HiRes qw(time);

my $missing = Nrf::missing();
plan skip_all => $missing if $missing;
plan skip_all => 'curl is not installed (packages.txt)' unless grep { -x "$_/curl" } split /:/, $ENV{PATH};

my $white = Eir::imei_of('white');
sub answers { return `curl -sS -g --http2-prior-knowledge --max-time 10 'http://127.0.0.1:$_[0]{h2}/n5g-eir-eic/v1/equipment-status?pei=imei-$white' 2>&1` eq '{"status":"WHITELISTED"}' }
sub until_ok { my ($name, $code) = @_; return ok poll(20, $code), $name }
sub health { return json((Register::http({port => $_[0]{metrics}}, 'GET', '/healthz'))[1])->{nrf} // '' }
sub node { my (%nrf) = @_; return Eir::start(settings => {node => {name => 'altel-almaty', threads => 1}, n5geir => {nf_instance => uc $Nrf::EIR}, nrf => \%nrf}) }

# ---- the NRF comes later than the node ----

my ($port) = FreeDiameter::free_ports(1);
my $eir = node(address => "http://127.0.0.1:$port/", fqdn => 'eir.5gc.mnc077.mcc401.3gppnetwork.org', plmn => '401-77,401-701', priority => 3, heart_beat_seconds => 30);
until_ok('a node begins without its NRF', sub { health($eir) eq 'away' });
ok answers($eir), '... and answers';
is $eir->metric('tamga_eir_nrf_registered'), 0, '... and says that it is not registered';
my $nrf = Nrf::start(port => $port);
$nrf->tell('beat', seconds => 1);
until_ok('the NRF comes: registered', sub { $nrf->state->{registered} });
until_ok('... which it says', sub { health($eir) eq 'registered' && $eir->metric('tamga_eir_nrf_registered') == 1 });
my $service = {
    serviceInstanceId => 'n5g-eir-eic-http', serviceName => 'n5g-eir-eic', versions => [{apiVersionInUri => 'v1', apiFullVersion => '1.0.0'}], scheme => 'http', nfServiceStatus => 'REGISTERED',
    fqdn => 'eir.5gc.mnc077.mcc401.3gppnetwork.org', ipEndPoints => [{ipv4Address => '127.0.0.1', port => $eir->{h2}, transport => 'TCP'}],
};
my $profile = $nrf->state->{profile};
like delete $profile->{load}, qr/\A\d+\z/, 'its load';
is_deeply $profile, {
    nfInstanceId => $Nrf::EIR, nfType => '5G_EIR', nfStatus => 'REGISTERED', nfInstanceName => 'altel-almaty', heartBeatTimer => 30, priority => 3, capacity => 100,
    plmnList => [{mcc => '401', mnc => '77'}, {mcc => '401', mnc => '701'}], fqdn => $service->{fqdn}, ipv4Addresses => ['127.0.0.1'], nfServices => [$service],
}, 'its profile, word for word';
like $nrf->state->{from}, qr/\A5G_EIR-tamga-eir/, 'who asks (TS 29.500 5.2.2.2)';

# ---- heart-beats ----

my $since = time;
until_ok('heart-beats come as the NRF wants them', sub { $nrf->state->{beats} >= 3 });
cmp_ok time - $since, '>', 1.5, '... and not faster';
is $nrf->state->{patch}{nfStatus}, 'REGISTERED', 'they say how it stands';
like $nrf->state->{patch}{load}, qr/\A\d+\z/, '... and its load';
is $nrf->state->{puts}, 1, 'it registered once';
$nrf->tell('forget');
until_ok('forgotten: registered anew', sub { $nrf->state->{puts} == 2 && $nrf->state->{registered} });

# ---- an NRF that fails ----

$nrf->tell('answer', status => 503, delay => 300, count => 2);
until_ok('it answers 503, slowly: away', sub { health($eir) eq 'away' });
ok answers($eir), '... the node answers';
until_ok('... and beats again', sub { health($eir) eq 'registered' });
is $nrf->state->{puts}, 2, '... still registered';
my $beats = $nrf->state->{beats};
$nrf->tell('answer', status => 400, count => 1, method => 'PATCH');
until_ok('a beat that is refused is followed by others', sub { $nrf->state->{beats} > $beats });
like $eir->log_text, qr/level=alarm event=nrf_away nrf=http:\S+ status=400/, '... and alarmed';
my $second = Nrf::start();
$nrf->tell('answer', status => 307, count => 1, method => 'PUT', location => "http://127.0.0.1:$second->{port}/nnrf-nfm/v1/nf-instances/$Nrf::EIR");
$nrf->tell('forget');
until_ok('sent to another NRF, it goes there', sub { $second->state->{puts} == 1 });
$nrf->tell('answer', status => 200, count => 1, body => {pad => 'x' x 100_000});
until_ok('an answer without end is not read', sub { $eir->log_text =~ /event=nrf_away .* answers with more than 65536 bytes/ });
$nrf->end;
until_ok('the NRF goes: away', sub { health($eir) eq 'away' });
ok answers($eir), '... the node answers';
$nrf = Nrf::start(port => $port, dir => $nrf->{dir});
until_ok('it comes back and knows nobody: registered', sub { $nrf->state->{puts} == 1 });
is_deeply $nrf->state->{wrong}, [], 'nothing that came was of a wrong form';

# ---- the end ----

is $eir->stop, 0, 'the node ends';
is $nrf->state->{deletes}, 1, '... and has taken leave';
is $nrf->state->{registered}, 0, '... nobody is registered';

# ---- several, one of them gone; one that does not answer ----

my ($nobody) = FreeDiameter::free_ports(1);
$eir = node(address => "http://127.0.0.1:$nobody, http://127.0.0.1:$nrf->{port}", announce => '192.0.2.7:8080', tls_announce => '[2001:db8::7]:8443');
until_ok('the first is gone: the second has it', sub { $nrf->state->{registered} });
$profile = $nrf->state->{profile};
is_deeply [$profile->{ipv4Addresses}, $profile->{ipv6Addresses}], [['192.0.2.7'], ['2001:db8::7']], 'announced as the settings say';
is_deeply [map { [$_->{scheme}, $_->{ipEndPoints}] } @{$profile->{nfServices}}],
    [['http', [{ipv4Address => '192.0.2.7', port => 8080, transport => 'TCP'}]], ['https', [{ipv6Address => '2001:db8::7', port => 8443, transport => 'TCP'}]]], '... a service for each scheme';
$nrf->tell('answer', status => 204, delay => 60_000, count => 1000);
$since = time;
is $eir->stop, 0, 'a node ends though its NRF does not answer';
cmp_ok time - $since, '<', 10, '... soon';
$nrf->tell('answer');

# ---- a node that hears nothing from the register ----

my $r = Register->new;
$r->run('suspend', '--mark', 'stolen', '--by', 'police', '--order', '1', Eir::imei_of('black'));
$r->run('node', 'add', 'alpha', '--out', $r->path('node.key'));
my $server = $r->serve;
my @words = ($Eir::program, '--registry', "http://127.0.0.1:$server->{port}", '--directory', $r->path('eir'), '--key', $r->path('node.key'), '--diameter', '127.0.0.1:0', '--sbi', '127.0.0.1:0', '--metrics', '127.0.0.1:0');
$eir = Eir::launch($r->path('eir.log'), @words) // die slurp($r->path('eir.log'));
is $eir->stop, 0, 'a node that has followed the register';
Register::stop($server->{pid}, 'KILL');
for my $case (['go_on', 'REGISTERED'], ['grey', 'SUSPENDED']) {
    my ($stale, $status) = @$case;
    my @set = map { ('--set', $_) } "node.stale=$stale", "nrf.address=http://127.0.0.1:$nrf->{port}", "n5geir.nf_instance=$Nrf::EIR";
    $eir = Eir::launch($r->path('eir.log'), @words, '--now', strftime('%Y-%m-%dT%H:%M:%SZ', gmtime time + 25 * 3600), @set) // die slurp($r->path('eir.log'));
    until_ok("stale, $stale: registered", sub { $nrf->state->{registered} });
    is $eir->metric('tamga_eir_stale'), 1, '... and it is stale';
    is $nrf->state->{profile}{nfStatus}, $status, "... as $status";
    is $nrf->state->{profile}{nfServices}[0]{ipEndPoints}[0]{port}, $eir->{h2}, '... with the port that it found';
    is $eir->metric('tamga_eir_nrf_suspended'), $status eq 'SUSPENDED' ? 1 : 0, '... which it says';
    is $eir->stop, 0, 'it ends';
}

# Becomes stale while it is registered: told at once, not with the next heart-beat.
$nrf->tell('beat', seconds => 600);
$eir = Eir::launch($r->path('eir.log'), @words, '--now', strftime('%Y-%m-%dT%H:%M:%SZ', gmtime time + 24 * 3600 - 8), map { ('--set', $_) } 'node.stale=white', "nrf.address=http://127.0.0.1:$nrf->{port}", "n5geir.nf_instance=$Nrf::EIR")
    // die slurp($r->path('eir.log'));
until_ok('it grows stale: SUSPENDED', sub { my $state = $nrf->state; return $eir->metric('tamga_eir_stale') == 1 && (($state->{patch}{nfStatus} // '') eq 'SUSPENDED' || $state->{profile}{nfStatus} eq 'SUSPENDED') && $state->{registered} });
is $eir->stop, 0, 'it ends';

# Ended while its registration was under way: it cannot know, so it takes leave.
$nrf->tell('answer', status => 201, delay => 1500, count => 1, method => 'PUT', late => 1);
my $deletes = $nrf->state->{deletes};
$eir = node(address => "http://127.0.0.1:$nrf->{port}");
until_ok('its registration is under way', sub { $nrf->state->{registered} });
is $eir->stop, 0, '... when it ends';
is $nrf->state->{deletes}, $deletes + 1, '... and it has taken leave' or diag $eir->log_text;

# ---- by TLS ----

my $tls = Eir::start(tls => 1);
$tls->stop;
my $ca = FreeDiameter::authority("$tls->{dir}/ca");
FreeDiameter::certificate($ca, 'localhost');
my $sealed = Nrf::start(tls => ["$ca/localhost.pem", "$ca/localhost.key", "$ca/ca.pem"]);
my %mine = (certificate => "$ca/eir.mnc077.example.pem", tls_key => "$ca/eir.mnc077.example.key");
$eir = node(address => "https://localhost:$sealed->{port}", ca => "$ca/ca.pem", %mine);
until_ok('registered by TLS, with a certificate', sub { $sealed->state->{registered} });
is $eir->stop, 0, 'it ends';
is $sealed->state->{deletes}, 1, '... and has taken leave' or diag $eir->log_text;
$eir = node(address => "https://localhost:$sealed->{port}", ca => "$ca/ca.pem");
until_ok('without a certificate: refused', sub { health($eir) eq 'away' });
$eir->stop;
FreeDiameter::authority("$tls->{dir}/other");
$eir = node(address => "https://localhost:$sealed->{port}", ca => "$tls->{dir}/other/ca.pem", %mine);
until_ok('an NRF of another authority is not believed', sub { health($eir) eq 'away' });
is $sealed->state->{registered}, 0, '... and hears nothing';
$eir->stop;

$eir = Eir::start();
is health($eir), '', 'without [nrf] nothing is said of it';
is $eir->metric('tamga_eir_nrf_registered'), -1, '... in figures neither';
$eir->stop;
$_->end for $nrf, $second, $sealed;
done_testing;
