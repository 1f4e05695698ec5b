#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# proxies - the sample settings of deploy/ as they are, but for ports, paths and names: real nginx and HAProxy
# with TLS before a real `tamga serve`. They answer what the register says; no IMEI reaches a log; nobody
# can lie about his address or his certificate.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
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
my (@pids, $backend);
END { my $code = $?; my @all = (@pids, $backend ? $backend : ()); kill "TERM", @all if @all; waitpid $_, 0 for @all; $? = $code }

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

my $tamga_port = free_port();
my $ini = sample('tamga.ini', 'register = sqlite:/var/lib/tamga/tamga.db' => "register = $r->{url}",
    'listen = 127.0.0.1:8080' => "listen = 127.0.0.1:$tamga_port");
spew($ini, slurp($ini), "[limits]\nperson_rate = 1\nperson_burst = 20\naddress_rate = 1\naddress_burst = 20\n");

sub backend_start {
    spew("$dir/serve.out", '');
    $backend = fork // die;
    if (!$backend) {
        open STDOUT, '>', "$dir/serve.out";
        open STDERR, '>', "$dir/serve.err";
        exec $tamga, '--settings', $ini, 'serve', '--demo';
    }
    ok poll(30, sub { slurp("$dir/serve.out") =~ /^Tamga serves/m }), 'the register serves';
}
sub backend_stop { kill "TERM", $backend; waitpid $backend, 0; undef $backend }

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
    'server 127.0.0.1:8080' => "server 127.0.0.1:$tamga_port");
$proxy{haproxy} = {port => free_port(), plain => free_port(), hash => 'sha256', logs => ['haproxy.out']};
my $haproxy = sample('haproxy.cfg', 'log /dev/log local0' => 'log stdout format raw local0 info', '/etc/tamga/' => "$dir/",
    'bind :443' => "bind 127.0.0.1:$proxy{haproxy}{port}", 'bind :80' => "bind 127.0.0.1:$proxy{haproxy}{plain}",
    'server one 127.0.0.1:8080' => "server one 127.0.0.1:$tamga_port", 'server two 127.0.0.1:8081' => 'server two 127.0.0.1:' . free_port());
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

my $imei = '357350079900013';
my $batch = '{"imei":[' . join(',', map { '"' . imei($_) . '"' } 1 .. 101) . ']}';
for my $name (sort keys %proxy) {
    my $p = $proxy{$name};
    backend_start(); # with all buckets full
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
    is ask($p, '/api/v1/check', '-H', 'Content-Type: application/json', '-d', 'x' x 70000)->{status}, '413', "$name: a body that is too long";

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
    backend_stop();
    like ask($p, "/api/v1/check/$imei?x=$number")->{status}, qr/^50[234]$/, "$name: the register is away";

    my $logs = join '', map { slurp("$dir/$_") } @{$p->{logs}};
    ok poll(5, sub { ($logs = join '', map { slurp("$dir/$_") } @{$p->{logs}}) =~ m{/api/v1/check/\{\} 50[234]} }), "$name: it is logged";
    like $logs, qr{/number/\{\} 200}, "$name: routes stand in the log";
    unlike $logs, qr/$imei/, "$name: no IMEI does";
    unlike $logs, qr/\Q$number\E/, "$name: no check number does";
    unlike $logs, qr/lang=|imei=|x=/, "$name: no query does";
}
done_testing;
