#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# eir_h2 - HTTP/2 clients that are not ours at a real EIR node: curl by prior knowledge and over TLS with a client's certificate,
# nghttp, h2load; the parameters as AMFs send them, in any order, percent-encoded.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Eir;
use Register;
use Test::More;

for my $tool (qw(curl nghttp h2load)) {
    plan skip_all => "$tool is not installed (packages-test.txt)" unless grep { -x "$_/$tool" } split /:/, $ENV{PATH};
}
my $eir = Eir::start(tls => 1, settings => {node => {unknown => 'unknown'}});
my $root = "http://127.0.0.1:$eir->{h2}/n5g-eir-eic/v1/equipment-status";
my %body = map { $_ => substr Eir::imei_of($_), 0, 14 } qw(white black grey unknown);

# {status, type, version, body} of a request by curl.
sub curl {
    my ($url, @words) = @_;
    my @command = ('curl', '-sS', '-g', '--max-time', '10', '-w', '\n%{http_code} %{http_version} %{content_type}', @words, $url);
    open my $out, '-|', @command or die "curl: $!";
    my $text = join '', <$out>;
    my $code = close $out ? 0 : $? >> 8;
    my ($body, $status, $version, $type) = $text =~ /\A(.*)\n(\d+) (\S+) (.*)\z/s;
    return {code => $code, body => $body, status => $status, version => $version, type => $type};
}

my @h2c = '--http2-prior-knowledge';
for my $kind (qw(white black grey)) {
    my $got = curl("$root?pei=imei-" . Eir::imei_of($kind), @h2c);
    is "$got->{status} $got->{version} $got->{type}", '200 2 application/json', "curl, $kind";
    is_deeply json($got->{body}), {status => uc "${kind}LISTED"}, '... its list and nothing else';
}
my $got = curl("$root?pei=imei-" . Eir::imei_of('unknown'), @h2c);
is "$got->{status} $got->{type}", '404 application/problem+json', 'unknown equipment';
is json($got->{body})->{cause}, 'ERROR_EQUIPMENT_UNKNOWN', '... with its cause';

# Many ways to say the same.
my $black = $body{black};
my %same = (
    'IMEISV' => "pei=imeisv-${black}01",
    'supi before' => "supi=imsi-401770000000001&pei=imeisv-${black}01",
    'supi behind, gpsi between' => "pei=imeisv-${black}01&gpsi=msisdn-77010000000&supi=imsi-401770000000001",
    'features' => "supported-features=&pei=imeisv-${black}77",
    'a parameter of tomorrow' => "new=1&pei=imeisv-${black}77",
    'percent-encoded dash' => "pei=imeisv%2D${black}01",
    'percent-encoded digits' => 'pei=imeisv-' . join('', map { sprintf '%%%02x', ord } split //, "${black}01"),
    'percent-encoded name' => "%70ei=imeisv-${black}01",
    'a supi that is no IMSI' => "pei=imeisv-${black}01&supi=nai-user%40realm.example",
);
for my $way (sort keys %same) {
    $got = curl("$root?$same{$way}", @h2c);
    is $got->{body}, '{"status":"BLACKLISTED"}', $way;
}
my %wrong = (
    'no parameter' => ['', 400], 'empty pei' => ['?pei=', 400], 'short' => ['?pei=imei-123', 400], 'letters' => ['?pei=imei-12345678901234X', 400],
    'no prefix' => ["?pei=$black", 400], 'half an escape' => ["?pei=imeisv-${black}0%3", 400], 'MAC' => ['?pei=mac-00-00-5e-00-53-00', 404], 'EUI' => ['?pei=eui-00-00-5e-ff-fe-00-53-00', 404],
);
for my $way (sort keys %wrong) {
    $got = curl($root . $wrong{$way}[0], @h2c);
    is "$got->{status} $got->{type}", "$wrong{$way}[1] application/problem+json", "$way: refused";
    is eval { json($got->{body})->{status} }, $wrong{$way}[1], '... with a problem that says so';
}
is curl("$root?pei=imei-" . Eir::imei_of('white'), @h2c, '-X', $_)->{status}, 405, "$_ is not allowed" for qw(POST PUT DELETE);
# TS 29.500 5.2.7.2: an API that is none, and a resource that an API has not.
for my $path ('/nowhere?pei=imei-1', '/n5g-eir-eic/v2/equipment-status?pei=imei-1') {
    $got = curl("http://127.0.0.1:$eir->{h2}$path", @h2c);
    is "$got->{status} " . json($got->{body})->{cause}, '400 INVALID_API', "$path: no such API";
}
$got = curl("http://127.0.0.1:$eir->{h2}/n5g-eir-eic/v1/nowhere", @h2c);
is "$got->{status} " . json($got->{body})->{cause}, '404 RESOURCE_URI_STRUCTURE_NOT_FOUND', 'no such resource';
isnt curl("$root?pei=imei-" . Eir::imei_of('white'), '--http1.1')->{status} // 0, 200, 'HTTP/1 is not spoken';

# ---- TLS with certificates ----

my ($ca, $tls) = ($eir->{ca}, "https://eir.mnc077.example:$eir->{h2_tls}/n5g-eir-eic/v1/equipment-status?pei=imei-" . Eir::imei_of('black'));
my @trust = ('--http2', '--cacert', "$ca/ca.pem", '--resolve', "eir.mnc077.example:$eir->{h2_tls}:127.0.0.1");
my @mine = ('--cert', "$ca/amf.mnc077.example.pem", '--key', "$ca/amf.mnc077.example.key");
$got = curl($tls, @trust, @mine);
is "$got->{status} $got->{version} $got->{body}", '200 2 {"status":"BLACKLISTED"}', 'over TLS with a certificate' or diag $eir->log_text;
$got = curl($tls, @trust, @mine, '--tlsv1.2', '--tls-max', '1.2');
is "$got->{status} $got->{version}", '200 2', '... by TLS 1.2, too';
isnt curl($tls, @trust)->{code}, 0, 'without a certificate: refused';
FreeDiameter::authority("$eir->{dir}/other");
FreeDiameter::certificate("$eir->{dir}/other", 'amf.mnc077.example');
isnt curl($tls, @trust, '--cert', "$eir->{dir}/other/amf.mnc077.example.pem", '--key', "$eir->{dir}/other/amf.mnc077.example.key")->{code}, 0, 'with a certificate of somebody else: refused';
isnt curl($tls, @trust, @mine, '--tls-max', '1.1')->{code}, 0, 'TLS 1.1: refused';

# Several on one connection. Over TLS: Debian's curl 7.88 fails to use a connection by prior knowledge again, nginx's too.
my $many = join "\n", map { my $url = $tls; $url =~ s/imei-\d+/'imei-' . Eir::imei_of($_ % 2 ? 'white' : 'black')/e; qq(url = "$url") } 1 .. 200;
$many = spew("$eir->{dir}/many", "$many\n");
my $all = `curl -sS @trust @mine --parallel --parallel-max 50 --max-time 20 -K $many 2>/dev/null`;
is_deeply [scalar(() = $all =~ /WHITELISTED/g), scalar(() = $all =~ /BLACKLISTED/g)], [100, 100], 'two hundred at once by one client';

# ---- nghttp and h2load ----

my $nghttp = `nghttp -v -t 5 '$root?pei=imei-@{[Eir::imei_of('grey')]}' 2>&1`;
like $nghttp, qr/:status: 200/, 'nghttp is answered' or diag $nghttp;
like $nghttp, qr/"status":"GREYLISTED"/, '... with its list';
unlike $nghttp, qr/(?<!NO_)ERROR|\[ERROR\]|INVALID/, '... and finds no error';
spew("$eir->{dir}/uris", map { "$root?pei=imei-" . imei($_) . "\n" } 1 .. 1000);
my $h2load = `h2load -t1 -c8 -m64 -n20000 -i $eir->{dir}/uris 2>&1`;
like $h2load, qr/requests: 20000 total, 20000 started, 20000 done, (\d+) succeeded, \d+ failed, 0 errored, 0 timeout/, 'h2load: 20,000 on eight connections, all answered' or diag $h2load;
like $h2load, qr/status codes: 72 2xx, 0 3xx, 19928 4xx, 0 5xx/, '... three phones known, the rest unknown' or diag $h2load;
my $metrics = (Register::http({port => $eir->{metrics}}, 'GET', '/metrics'))[1];
like $metrics, qr/^tamga_eir_checks_total\{face="n5g",peer="amf\.mnc077\.example",what="black"\} (?:102|[1-9]\d\d+)$/m, 'who shows a certificate is counted by its name';
like $metrics, qr/^tamga_eir_checks_total\{face="n5g",peer="127\.0\.0\.1",what="received"\} [1-9]\d{4}/m, 'others by their address, whatever port they come from';
is scalar(() = $metrics =~ /^tamga_eir_checks_total\{face="n5g",peer="[^"]+",what="received"\}/mg), 2, 'two in all';
is $eir->stop, 0, 'the node ends';
done_testing;
