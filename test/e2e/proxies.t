#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# proxies - the sample settings of deploy/ as they are, but for ports, paths and names: real nginx and HAProxy
# with TLS before real `tamga serve`. They answer what the register says; no IMEI reaches a log; nobody
# can lie about his address or his certificate; a signed request counts once, and one server may die.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Digest::SHA qw(hmac_sha256_hex sha256_hex);
use IO::Socket::INET;
use Register;
use Test::More;

my $deploy = "$FindBin::Bin/../../deploy";
for my $program (qw(nginx haproxy curl openssl)) {
    plan skip_all => "no $program" if system("PATH=\$PATH:/usr/sbin command -v $program >/dev/null");
}
$ENV{PATH} .= ':/usr/sbin';
my $r = Register->new;
is $r->run('demo', 'create')->{code}, 0, 'samples';
my $dir = $r->dir;
chmod 0755, $dir;
my (@pids, @backend);
END { my $code = $?; my @all = grep { $_ } @pids, @backend; kill "TERM", @all if @all; waitpid $_, 0 for @all; $? = $code }

sub free_port {
    my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1) or die;
    return $socket->sockport;
}

sub sh {
    my ($command) = @_;
    my $out = `cd $dir && { $command ; } 2>&1`;
    return ($? >> 8, $out);
}

# A CA for the server and one for programs, each with one certificate.
sub certificate {
    my ($ca, $name, $subject) = @_;
    my ($code, $out) = sh(join ' && ',
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=$ca' -keyout $ca.key -out $ca.pem",
        "openssl req -newkey rsa:2048 -nodes -subj '/CN=$subject' -keyout $name.key -out $name.csr",
        "printf 'subjectAltName=DNS:$subject\n' >$name.ext",
        "openssl x509 -req -in $name.csr -CA $ca.pem -CAkey $ca.key -CAcreateserial -days 2 -extfile $name.ext -out $name.pem",
        "cat $name.pem $name.key >$name-and-key.pem");
    is $code, 0, "a certificate for $subject" or diag $out;
}
certificate('server-ca', 'server', 'imei.example');
certificate('clients-ca', 'client', 'shop');
certificate('other-ca', 'stranger', 'shop');

sub fingerprint { my (undef, $out) = sh("openssl x509 -in client.pem -noout -fingerprint -$_[0]"); return $out =~ /=(\S+)/ ? $1 : '' }
for my $hash (qw(sha1 sha256)) {
    is $r->run('--actor', 'anna', 'user', 'key', 'create', '--name', "shop $hash", '--scope', 'check.batch',
        '--certificate', fingerprint($hash))->{code}, 0, "a key for its $hash";
}

# Settings of a sample with other values; what is not found is a mistake of this test.
sub sample {
    my ($file, %values) = @_;
    my $text = slurp("$deploy/$file");
    for my $old (sort keys %values) {
        $text =~ s/\Q$old\E/$values{$old}/g or die "$file: no `$old`";
    }
    return $r->file($file, $text);
}

my @port = (free_port(), free_port());
my $ini = sample('tamga.ini', 'register = sqlite:/var/lib/tamga/tamga.db' => "register = $r->{url}",
    'listen = 127.0.0.1:8080' => "listen = 127.0.0.1:$port[0]");
spew($ini, slurp($ini), "[limits]\nperson_rate = 1\nperson_burst = 20\naddress_rate = 1\naddress_burst = 20\n");

# The first of the two servers, or the second.
sub backend_start {
    my ($i) = @_;
    my $out = "$dir/serve$i.out";
    spew($out, '');
    my $pid = $backend[$i] = fork // die;
    if (!$pid) {
        open STDOUT, '>', $out;
        open STDERR, '>', "$dir/serve$i.err";
        exec $tamga, '--settings', $ini, 'serve', '--demo', $i ? ('--listen', "127.0.0.1:$port[1]") : ();
    }
    ok poll(30, sub { slurp($out) =~ /^Tamga serves/m }), "server $i serves";
}
sub backend_stop { my ($i) = @_; kill "TERM", $backend[$i]; waitpid $backend[$i], 0; $backend[$i] = 0 }

sub start {
    my ($log, @words) = @_;
    my $pid = fork // die;
    if (!$pid) {
        open STDOUT, '>', "$dir/$log";
        open STDERR, '>>', "$dir/$log";
        exec @words;
    }
    push @pids, $pid;
    return $pid;
}

my %proxy;
$proxy{nginx} = {port => free_port(), plain => free_port(), hash => 'sha1', logs => ['access.log', 'error.log', 'nginx.out']};
my $nginx = sample('nginx.conf', '/run/nginx.pid' => "$dir/nginx.pid", '/var/log/nginx/' => "$dir/", '/etc/tamga/' => "$dir/",
    'listen 443 ssl' => "listen 127.0.0.1:$proxy{nginx}{port} ssl", 'listen 80;' => "listen 127.0.0.1:$proxy{nginx}{plain};",
    '127.0.0.1:8080' => "127.0.0.1:$port[0]", '127.0.0.1:8081' => "127.0.0.1:$port[1]");
$proxy{haproxy} = {port => free_port(), plain => free_port(), hash => 'sha256', logs => ['haproxy.out']};
my $haproxy = sample('haproxy.cfg', 'log /dev/log local0' => 'log stdout format raw local0 info', '/etc/tamga/' => "$dir/",
    'bind :443' => "bind 127.0.0.1:$proxy{haproxy}{port}", 'bind :80' => "bind 127.0.0.1:$proxy{haproxy}{plain}",
    '127.0.0.1:8080' => "127.0.0.1:$port[0]", '127.0.0.1:8081' => "127.0.0.1:$port[1]");
is((sh("nginx -t -c $nginx"))[0], 0, 'nginx takes the file') or diag((sh("nginx -t -c $nginx"))[1]);
is((sh("haproxy -c -f $haproxy"))[0], 0, 'HAProxy takes the file') or diag((sh("haproxy -c -f $haproxy"))[1]);
start('nginx.out', 'nginx', '-c', $nginx, '-g', 'daemon off;');
start('haproxy.out', 'haproxy', '-db', '-f', $haproxy);

# status, head, body of curl over TLS.
sub ask {
    my ($p, $target, @more) = @_;
    my $words = join ' ', map { "'$_'" } @more;
    my ($code, $out) = sh("curl -s --path-as-is --max-time 20 --cacert server-ca.pem -D head -o body -w '%{http_code}' "
        . "--resolve imei.example:$p->{port}:127.0.0.1 $words 'https://imei.example:$p->{port}$target'");
    return {status => $out, head => slurp("$dir/head"), body => slurp("$dir/body"), code => $code};
}

# What curl would not send, as it stands, over TLS of HTTP/1.1; the first line that comes back.
sub raw {
    my ($p, $bytes) = @_;
    $r->file('raw', $bytes);
    my (undef, $out) = sh("timeout 20 openssl s_client -quiet -connect 127.0.0.1:$p->{port} -servername imei.example "
        . "-alpn http/1.1 -CAfile server-ca.pem -verify_quiet <raw");
    return $out =~ m{^(HTTP/1\.1 \d+|<html>)}m ? $1 : '';
}

# nginx names tamga's own limits.
my ($body_most) = slurp("$deploy/../src/base/limits.h") =~ /LIMIT_HTTP_BODY = (\d+)/;
my ($head_most) = slurp("$deploy/../src/base/limits.h") =~ /LIMIT_HTTP_HEAD = (\d+)/;
my ($kib) = slurp($nginx) =~ /client_max_body_size (\d+)k/;
is $kib * 1024, $body_most, 'nginx: the limit of a body is tamga\'s';
my ($n, $k) = slurp($nginx) =~ /large_client_header_buffers (\d+) (\d+)k/;
is $n * $k * 1024, $head_most, 'nginx: and that of a head';

my $signing = json($r->run('--json', '--actor', 'anna', 'user', 'key', 'create', '--name', 'app', '--scope', 'check.batch',
    '--signed')->{out})->{key};
sub signed {
    my ($body, $nonce) = @_;
    my ($id, $secret) = $signing =~ /tamga_(\w{8})_(\w{64})/;
    my $now = time;
    my $lines = join '', map { "$_\n" } 'TAMGA1', 'POST', '/api/v1/check', $now, $nonce, sha256_hex($body);
    return "Authorization: Tamga-HMAC-SHA256 key=$id, time=$now, nonce=$nonce, signature=" . hmac_sha256_hex($lines, pack 'H*', $secret);
}

my $imei = '357350079900013';
my $batch = '{"imei":[' . join(',', map { '"' . imei($_) . '"' } 1 .. 101) . ']}';
for my $name (sort keys %proxy) {
    my $p = $proxy{$name};
    backend_start(0); # with all buckets full
    ok poll(20, sub { ask($p, '/healthz')->{status} eq '200' }), "$name: answers over TLS";
    my $got = ask($p, "/api/v1/check/$imei");
    is "$got->{status} " . json($got->{body})->{list}, '200 white', "$name: what the register says";
    like $got->{head}, qr/^strict-transport-security: max-age=63072000; includeSubDomains\r?$/mi, "$name: HSTS";
    like $got->{head}, qr/^content-security-policy: default-src 'none'/mi, "$name: the register's own headers arrive";
    like $got->{head}, qr{^HTTP/2 }, "$name: by HTTP/2";
    my $number = json($got->{body})->{check_number};
    is ask($p, "/number/$number?lang=kk")->{status}, '200', "$name: a page";
    like ask($p, '/check', '-d', "imei=$imei")->{body}, qr/answer white/, "$name: a form";
    my ($code, $out) = sh("curl -s -o /dev/null -w '%{http_code} %{redirect_url}' 'http://127.0.0.1:$p->{plain}/api/v1/check/$imei?x=$imei'");
    is $out, '301 https://imei.example/', "$name: without TLS one is sent on, without the path";
    is ask($p, '/metrics')->{status}, '403', "$name: metrics are closed";
    is ask($p, "/$imei/..%2f$imei?imei=$imei")->{status} =~ /^40[04]$/ ? 1 : 0, 1, "$name: a path that is none";
    $got = ask($p, '/api/v1/check', '-H', 'Content-Type: application/json', '-d', 'x' x ($body_most + 1));
    is $got->{status}, '413', "$name: a body that is too long";
    is $got->{head} =~ m{^content-type: application/problem}mi ? 'tamga' : 'nginx', $name eq 'nginx' ? 'nginx' : 'tamga', "$name: says who must";
    for my $line ("GET /api/v1/check/$imei?imei=$imei HTTP/9 x", "G\x01T /N/$number HTTP/1.1", "GET $imei HTTP/1.1",
        "GET /number/$number HTTP/1.1\r\nHost: imei.example\r\nBad header $imei",
        "GET /api/v1/check/$imei?" . 'x=' x 20_000 . ' HTTP/1.1') {
        my $first = raw($p, "$line\r\n\r\n");
        like $first, qr{^(HTTP/1.1 (400|414|431|505)|<html>)}, "$name: no request: " . substr($line =~ tr/\x01\r\n/?/r, 0, 40);
    }

    # certificates
    my @json = ('-H', 'Content-Type: application/json', '-d', $batch);
    my @client = ('--cert', 'client.pem', '--key', 'client.key');
    is ask($p, '/api/v1/check', @json, @client)->{status}, '200', "$name: a program with its certificate may ask for many";
    my $forged = fingerprint($p->{hash});
    is ask($p, '/api/v1/check', @json, '-H', "X-Client-Certificate: $forged")->{status}, '413', "$name: a header is no certificate";
    (my $bare = $forged) =~ tr/://d;
    is ask($p, '/api/v1/check', @json, '-H', "X-Client-Certificate: $bare", '-H', "x-client-certificate: $bare")->{status}, '413', "$name: nor two";
    $got = ask($p, '/api/v1/check', @json, '--cert', 'stranger.pem', '--key', 'stranger.key');
    ok $got->{code} || $got->{status} =~ /^4/, "$name: a stranger's certificate opens nothing";

    # addresses: one client stays one, whatever it says
    my %seen;
    $seen{ask($p, "/api/v1/check/$imei", '-A', "agent $_", '-H', "X-Forwarded-For: 203.0.113.$_", '-H', "Forwarded: for=203.0.113.$_")->{status}}++
      for 1 .. 30;
    ok $seen{429}, "$name: who lies about his address is one client all the same" or diag explain \%seen;

    # two servers
    backend_start(1);
    my $many = '{"imei":["' . imei(1) . '"]}';
    ok poll(20, sub { my $up = () = slurp("$dir/haproxy.out") =~ /two is UP/g; $name eq 'nginx' || $up >= 2 }), "$name: the second is there";
    my @copy = ('-H', 'Content-Type: application/json', '-d', $many, '-H', signed($many, 'abcdefghijklmnop'));
    my @copies = map { ask($p, '/api/v1/check', @copy)->{status} } 1 .. 6;
    is "@copies", '200 401 401 401 401 401', "$name: a signed request counts once";
    backend_stop(0);
    ok poll(20, sub { ask($p, '/api/v1/check', '-H', 'Content-Type: application/json', '-d', $many, '-H',
        signed($many, join '', map { ('a' .. 'z')[rand 26] } 1 .. 20))->{status} eq '200' }), "$name: one server dies, the other answers";
    backend_stop(1);
    like ask($p, "/api/v1/check/$imei?x=$number")->{status}, qr/^50[234]$/, "$name: the register is away";

    my $logs = join '', map { slurp("$dir/$_") } @{$p->{logs}};
    ok poll(5, sub { ($logs = join '', map { slurp("$dir/$_") } @{$p->{logs}}) =~ m{/api/v1/check/\{\} 50[234]} }), "$name: it is logged";
    like $logs, qr{/number/\{\} 200}, "$name: routes stand in the log";
    unlike $logs, qr/$imei/, "$name: no IMEI does";
    unlike $logs, qr/\Q$number\E/, "$name: no check number does";
    unlike $logs, qr/lang=|imei=|x=/, "$name: no query does";
}

# nginx, as bad as `crit`: a server that cannot be asked at all. The request's line must not stand behind that either.
my %worse = (port => free_port());
mkdir "$dir/worse" or die;
my $worse = sample('nginx.conf', '/run/nginx.pid' => "$dir/worse/pid", '/var/log/nginx/' => "$dir/worse/", '/etc/tamga/' => "$dir/",
    'listen 443 ssl' => "listen 127.0.0.1:$worse{port} ssl", 'listen 80;' => 'listen 127.0.0.1:' . free_port() . ';',
    '127.0.0.1:8080' => "unix:$dir/nobody", '127.0.0.1:8081' => "unix:$dir/nobody");
start('worse.out', 'nginx', '-c', $worse, '-g', 'daemon off;');
ok poll(20, sub { ask(\%worse, "/api/v1/check/$imei")->{status} eq '502' }), 'nginx: no server can be asked';
ok poll(5, sub { slurp("$dir/worse/access.log") =~ m{/api/v1/check/\{\} 502} }), 'nginx: it is logged';
my $said = slurp("$dir/worse/error.log") . slurp("$dir/worse.out");
like $said, qr/start worker process/, 'nginx: its own words are kept';
unlike $said, qr/$imei/, 'nginx: no IMEI among them';
done_testing;
