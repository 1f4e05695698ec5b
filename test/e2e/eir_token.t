#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# eir_token - access tokens at a real EIR node: an NRF that is not ours issues and signs them, curl brings them. Which are good,
# what the others hear, what a SIGHUP with other keys does, and that nothing of it is there where nobody asked for it.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Eir;
use Nrf;
use Register;
use Test::More;

my $missing = Nrf::missing();
plan skip_all => $missing if $missing;
plan skip_all => 'curl is not installed (packages.txt)' unless grep { -x "$_/curl" } split /:/, $ENV{PATH};

my $nrf = Nrf::start();
my $keys = "$nrf->{dir}/keys.pem";
sub keys_are { return spew($keys, map { slurp("$nrf->{dir}/$_.pem") } @_) }
keys_are(qw(rs256 es256));
my $eir = Eir::start(settings => {n5geir => {oauth2 => 'yes', oauth2_keys => $keys, oauth2_issuer => uc $Nrf::ID, nf_instance => $Nrf::EIR}});
my $path = '/n5g-eir-eic/v1/equipment-status?pei=imei-' . Eir::imei_of('black');

# {status, challenge, body} of a request with these headers.
sub ask {
    my (@headers) = @_;
    my @words = map { ('-H', $_) } @headers;
    open my $out, '-|', 'curl', '-sS', '-g', '--http2-prior-knowledge', '--max-time', '10', '-w', '\n%{http_code} %{content_type} %header{www-authenticate}', @words, "http://127.0.0.1:$eir->{h2}$path" or die "curl: $!";
    my $text = join '', <$out>;
    close $out;
    my ($body, $status, $type, $challenge) = $text =~ /\A(.*)\n(\d+) (\S*) ?(.*)\z/s;
    return {status => $status, type => $type, challenge => $challenge, body => $body};
}
sub with { return ask("Authorization: Bearer $_[0]") }
my $realm = 'Bearer realm="n5g-eir-eic"';

# ---- good ones ----

is_deeply with($nrf->token(alg => $_)), {status => 200, type => 'application/json', challenge => '', body => '{"status":"BLACKLISTED"}'}, "$_: answered" for qw(RS256 ES256);
is with($nrf->token(claims => {aud => [$Nrf::ID, $Nrf::EIR]}))->{status}, 200, 'for this instance among others';
is with($nrf->token(claims => {scope => 'nudm-sdm n5g-eir-eic'}))->{status}, 200, 'for another service, too';
my $form = "grant_type=client_credentials&nfInstanceId=$Nrf::ID&nfType=AMF&targetNfType=5G_EIR&scope=n5g-eir-eic";
my $issued = `curl -sS --http2-prior-knowledge --max-time 10 -d '$form' http://127.0.0.1:$nrf->{port}/oauth2/token`;
is with(json($issued)->{access_token})->{status}, 200, 'as the NRF issues it to an AMF';

# ---- others ----

my $got = ask();
is "$got->{status} $got->{type}", '401 application/problem+json', 'none at all';
is $got->{challenge}, $realm, '... is told that one is wanted, and no fault';
is json($got->{body})->{status}, 401, '... in a problem';
my %invalid = (
    'of another key' => $nrf->token(key => 'other'),
    'of another key, RSA' => $nrf->token(key => 'other', alg => 'RS256'),
    'expired' => $nrf->token(claims => {exp => time - 60}),
    'not yet' => $nrf->token(claims => {nbf => time + 60}),
    'for another instance' => $nrf->token(claims => {aud => [$Nrf::ID]}),
    'for another type' => $nrf->token(claims => {aud => 'AMF'}),
    'of another NRF' => $nrf->token(claims => {iss => $Nrf::EIR}),
    'none as its algorithm' => $nrf->token(alg => 'none'),
    'signed with the public key as a secret' => $nrf->token(alg => 'HS256'),
    'too long' => $nrf->token(claims => {pad => 'x' x 4096}),
    'no token' => 'x',
    'longer than headers may be together' => undef,
);
for my $name (sort keys %invalid) {
    $got = with($invalid{$name} // 'x' x 17000);
    is "$got->{status} $got->{challenge}", defined $invalid{$name} ? qq(401 $realm, error="invalid_token") : '431 ', $name;
}
my $good = $nrf->token();
$got = with($nrf->token(claims => {scope => 'nudm-sdm'}));
is "$got->{status} $got->{challenge}", qq(403 $realm, error="insufficient_scope", scope="n5g-eir-eic"), 'for another service';
is ask("Authorization: Bearer $good", "Authorization: Bearer $good")->{challenge}, qq($realm, error="invalid_request"), 'two of them';
is ask('Authorization: Basic dTpw')->{challenge}, $realm, 'another scheme';
is with(substr($good, 0, -2))->{status}, 401, 'cut short';
is with($good)->{status}, 200, 'whole';
like join('', grep { /refused_total/ } split /^/, (Register::http({port => $eir->{metrics}}, 'GET', '/metrics'))[1]), qr/face="n5g",code="403"\} 1\n/, 'counted by status';

# ---- other keys ----

sub hup {
    my $before = () = slurp($eir->{log}) =~ /event=reload /g;
    kill 'HUP', $eir->{pid};
    ok poll(10, sub { my $now = () = slurp($eir->{log}) =~ /event=reload /g; $now > $before }), 'a reload';
}
my $old = $nrf->token(alg => 'RS256');
is with($old)->{status}, 200, 'a token by the old key';
keys_are(qw(es256 other_rs256));
hup();
is with($old)->{status}, 401, '... is no good with other keys, remembered or not';
is with($nrf->token(key => 'other', alg => 'RS256'))->{status}, 200, 'one by a new key is';
is with($good)->{status}, 200, 'and one by a key that stayed';
spew($keys, "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n");
hup();
like $eir->log_text, qr/level=alarm event=reload error=SETTING_VALUE file=\S+keys\.pem/, 'a broken file of keys is alarmed';
is with($good)->{status}, 200, '... and changes nothing';
my $settings = slurp("$eir->{dir}/settings.ini");
spew("$eir->{dir}/settings.ini", $settings =~ s/^oauth2.*\n//gmr);
hup();
is ask()->{status}, 401, 'that no token is wanted any more waits for a start';
is with($good)->{status}, 200, '... and the keys stay';
spew("$eir->{dir}/settings.ini", $settings);
unlike $eir->log_text, qr/\Q@{[substr $good, 0, 40]}\E/, 'no token stands in the log';

# ---- one connection with many ----

keys_are(qw(rs256 es256));
hup();
my $h2load = `h2load -t1 -c2 -m32 -n5000 -H 'Authorization: Bearer $good' 'http://127.0.0.1:$eir->{h2}$path' 2>&1`;
like $h2load, qr/5000 succeeded, 0 failed, 0 errored/, 'five thousand with one token' or diag $h2load;
is $eir->stop, 0, 'the node ends';

$eir = Eir::start();
is ask()->{status}, 200, 'without oauth2 nobody wants a token';
is with('x')->{status}, 200, '... nor looks at one';
is $eir->stop, 0, 'it ends';
$nrf->end;
done_testing;
