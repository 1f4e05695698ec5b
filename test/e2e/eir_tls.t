#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# eir_tls - whom a node calls by TLS: a peer that its certificate names, and no other; its register behind a proxy that
# speaks TLS, by the authorities that the settings name. While it has nothing to answer from, /healthz says so.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Diameter;
use Eir;
use FreeDiameter;
use Register;
use Test::More;

sub has { return grep { -x "$_/$_[0]" } split /:/, "$ENV{PATH}:/usr/sbin:/sbin" }

# ---- peers that it calls ----

my $agent = Eir::start(tls => 1);
my $ca = $agent->{ca};
my %made = (certificate => "$ca/eir.mnc077.example.pem", tls_key => "$ca/eir.mnc077.example.key", clients => "$ca/ca.pem");
my $liar = Eir::start(tls => 1, settings => {s13 => {%made, identity => 'other.mnc077.example'}});
FreeDiameter::certificate($ca, 'eir2.mnc077.example');
my %mine = (%made, identity => 'eir2.mnc077.example', certificate => "$ca/eir2.mnc077.example.pem", tls_key => "$ca/eir2.mnc077.example.key");
my $caller = Eir::start(settings => {s13 => {%mine, tls_connect => "127.0.0.1:$agent->{s13_tls}, 127.0.0.1:$liar->{s13_tls}"}});
ok poll(10, sub { return $caller->log_text =~ /event=peer_open origin="eir\.mnc077\.example" .*result=2001/ }), 'a peer is called by TLS' or diag $caller->log_text;
ok poll(10, sub { return $agent->log_text =~ /event=peer_open origin="eir2\.mnc077\.example"/ }), '... and knows who calls';
ok poll(10, sub { return $caller->log_text =~ /event=peer_refused origin="other\.mnc077\.example" .*result=3010/ }), 'a peer whose certificate names another is refused' or diag $caller->log_text;
is $caller->stop, 0, 'a clean end';
my $strange = FreeDiameter::authority("$caller->{dir}/strange");
$caller = Eir::start(settings => {s13 => {%mine, clients => "$strange/ca.pem", tls_connect => "127.0.0.1:$agent->{s13_tls}"}});
ok poll(10, sub { return $caller->log_text =~ /event=dropped .*why="tls: [^"]*certificate/ }), 'a peer of another authority is not spoken to' or diag $caller->log_text;
unlike $caller->log_text, qr/event=peer_open/, '... at all';
$_->stop for $caller, $liar, $agent;

# ---- the register ----

SKIP: {
    skip 'no nginx', 1 unless has('nginx');
    my $r = Register->new;
    my $dir = $r->dir;
    is $r->run('suspend', '--mark', 'stolen', '--by', 'police', '--order', '1', imei(1))->{code}, 0, 'a register';
    is $r->run('node', 'add', 'alpha', '--out', $r->path('node.key'))->{code}, 0, 'with a node';
    my $server = $r->serve;
    my $trusted = FreeDiameter::authority("$dir/trusted");
    my $other = FreeDiameter::authority("$dir/other");
    FreeDiameter::certificate($trusted, $_) for qw(localhost elsewhere.example);
    my ($good, $misnamed) = FreeDiameter::free_ports(2);
    my $hosts = join '', map {
        my ($port, $name) = @$_;
        "server { listen 127.0.0.1:$port ssl; ssl_certificate $trusted/$name.pem; ssl_certificate_key $trusted/$name.key;\n"
            . "location / { proxy_pass http://127.0.0.1:$server->{port}; proxy_buffering off; proxy_read_timeout 70s; } }\n"
    } [$good, 'localhost'], [$misnamed, 'elsewhere.example'];
    my $temporary = join '', map { "${_}_temp_path $dir/$_;" } qw(client_body proxy fastcgi uwsgi scgi);
    my $conf = spew("$dir/nginx.conf", "pid $dir/nginx.pid;\nerror_log $dir/nginx.log;\nevents {}\nhttp { access_log off; $temporary\n$hosts}\n");
    my $proxy = Eir::begin("$dir/nginx.out", 'nginx', '-c', $conf, '-e', "$dir/nginx.log", '-g', 'daemon off;');
    ok poll(10, sub { return IO::Socket::INET->new(PeerAddr => "127.0.0.1:$good") }), 'behind a proxy that speaks TLS' or diag slurp("$dir/nginx.out");

    my $started = 0;
    my $node = sub {
        my ($port, $authorities) = @_;
        my $self = {log => "$dir/eir." . ++$started};
        $self->{pid} = Eir::begin($self->{log}, $Eir::program, '--registry', "https://localhost:$port", '--directory', "$dir/eir", '--key', $r->path('node.key'),
            '--set', "node.registry_ca=$authorities/ca.pem", '--diameter', '127.0.0.1:0', '--metrics', '127.0.0.1:0');
        return $self;
    };
    for my $case ([$good, $other, 'other authorities'], [$misnamed, $trusted, "another host's certificate"]) {
        my ($port, $authorities, $what) = @$case;
        my $self = $node->($port, $authorities);
        ok poll(10, sub { return slurp($self->{log}) =~ /error=\w+.*(?:certificate|SSL)/i }), "$what: refused" or diag slurp($self->{log});
        my ($metrics) = slurp($self->{log}) =~ /event=listen face=metrics address=\S+ port=(\d+)/;
        my ($status, $body) = Register::http({port => $metrics}, 'GET', '/healthz');
        is $status, 503, '/healthz tells that it has nothing to answer from';
        is json($body)->{status}, 'starting', '... yet';
        is + (Register::http({port => $metrics}, 'GET', '/metrics'))[0], 200, '/metrics is there';
        unlike slurp($self->{log}), qr/event=listen face=s13/, 'no network is answered';
        is Eir::end($self), 0, 'a clean end';
    }
    my $self = $node->($good, $trusted);
    ok poll(20, sub { return slurp($self->{log}) =~ /event=ready/ }), 'its own authorities: it follows' or diag slurp($self->{log});
    my %port = slurp($self->{log}) =~ /event=listen face=(\S+) address=\S+ port=(\d+)/g;
    is + (Register::http({port => $port{metrics}}, 'GET', '/healthz'))[0], 200, '/healthz';
    my $mme = Diameter->new(port => $port{s13}, host => 'mme1.localdomain', realm => 'localdomain');
    is $mme->greet->{'Result-Code'}, 2001, 'a peer';
    is Diameter::said($mme->ask(imei => substr imei(1), 0, 14)), 'black', 'what the register knows is told';
    is $r->run('suspend', '--mark', 'lost', '--by', 'police', '--order', '2', imei(2))->{code}, 0, 'a block';
    ok poll(10, sub { return Diameter::said($mme->ask(imei => substr imei(2), 0, 14)) eq 'black' }), '... comes by TLS';
    is Eir::end($self), 0, 'a clean end';
    Eir::end({pid => $proxy});
    Register::stop($server->{pid});
}

done_testing;
