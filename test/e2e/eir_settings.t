#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# eir_settings - what `tamga-eir` says of its settings before it begins (-n), value by value; what it links; what a SIGHUP
# changes and what a wrong file does not; the check log and its rotation.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Diameter;
use Eir;
use FreeDiameter;
use Register;
use Socket ();
use Test::More;

my ($snapshot, $key) = Eir::snapshot();
my $r = Register->new;
my $dir = $r->dir;

# Runs it to its end: {code, out}.
sub eir {
    my (@words) = @_;
    my $pid = open my $p, '-|';
    defined $pid or die "fork: $!";
    if (!$pid) {
        open STDERR, '>&', \*STDOUT;
        exec 'timeout', 20, $Eir::program, @words or POSIX::_exit(127);
    }
    my $out = join '', <$p>;
    close $p;
    return {code => $? >> 8, out => $out};
}

my @good = ('--snapshot', $snapshot, '--key', $key, '--diameter', '127.0.0.1:0');

# ---- what it links, help, version ----

my $needed = qx{readelf -d $Eir::program};
like $needed, qr/libcurl/, 'it follows by HTTP';
unlike $needed, qr/sqlite|libpq|microhttpd/, 'it links no SQL and no web server';
like eir('--version')->{out}, qr/\Atamga-eir \d+\.\d+\.\d+\n\z/, '--version';
my $help = eir('--help');
is $help->{code}, 0, '--help';
like $help->{out}, qr/--registry URL.*--diameter ADDR:PORT/s, 'tells its options';

# ---- one by one ----

is_deeply eir(@good, '-n'), {code => 0, out => "The settings are in order.\n"}, 'good ones';
my @wrong = (
    ['node.threads=0', qr/node\.threads: `0`: want a number from 1 to 256/],
    ['node.unknown=red', qr/node\.unknown: `red`: want one of white, black, grey, unknown/],
    ['node.malformed=red', qr/want one of white, black, grey, unknown, error/],
    ['node.stale=later', qr/want one of go_on, grey, white/],
    ['node.stale_after_hours=-1', qr/want a number from 0 to 8760/],
    ['node.sightings_bytes=9', qr/want a number from 65536/],
    ['node.log_bytes=9', qr/want a number from 1048576/],
    ['node.registry=register.example', qr/want http:/],
    ['node.nmae=x', qr/node\.nmae: known are what doc\/operations\.md lists/],
    ['s13.listen=localhost:3868', qr/want ADDRESS:PORT in numbers/],
    ['s13.listen=127.0.0.1:65536', qr/want ADDRESS:PORT in numbers/],
    ['s13.identity=a b', qr/want a host name/],
    ['s13.peers=m*.example', qr/want the Origin-Host of a peer/],
    ['s13.connect=192.0.2.1:0', qr/want the port of the peer/],
    ['s13.watchdog_seconds=5', qr/want a number from 6 to 3600/],
    ['s13.several=1', qr/want one of no, yes/],
    ['s13.rate_max=-1', qr/want a number from 0/],
    ['s13.tls_listen=127.0.0.1:0', qr/wants certificate and tls_key/],
    ['n5geir.root=eir', qr/want a path/],
    ['n5geir.nf_instance=4947a69a-f61b-4bc1-b9da-47c9c5d14b6', qr/want a UUID/],
    ['n5geir.nf_instance=4947a69a-f61b-4bc1-b9da+47c9c5d14b64', qr/want a UUID/],
    ['n5geir.oauth2=1', qr/want one of no, yes/],
    ['n5geir.oauth2=yes', qr/n5geir\.oauth2_keys: public keys of the NRF are wanted, a PEM file/],
    ['n5geir.oauth2_leeway_seconds=301', qr/want a number from 0 to 300/],
    ['nrf.address=nrf.example', qr/want http:.* the apiRoot of the NRF/],
    ['nrf.address=http://nrf.example', qr/n5geir\.nf_instance: the node's nfInstanceId is wanted/],
    ['nrf.plmn=40177', qr/want MCC-MNC, as 401-77/],
    ['nrf.priority=65536', qr/want a number from 0 to 65535/],
    ['nrf.fqdn=a b', qr/want a host name/],
    ['log.white=1', qr/want one of no, yes/],
    ['log.keep=x', qr/want a number from 0 to 1000/],
    ['metrics.listen=:9', qr/want ADDRESS:PORT/],
    ['nonsense', qr/--set wants SECTION\.NAME=VALUE/],
);
for my $case (@wrong) {
    my ($set, $says) = @$case;
    my $got = eir(@good, '--set', $set, '-n');
    is $got->{code}, 2, "$set: refused";
    like $got->{out}, $says, "$set: why";
    my ($key, $value) = split /=/, $set, 2;
    like $got->{out}, qr/\Atamga-eir: \Q$key: `$value`: \Ewant/, "$set: key, value, what is wanted" if $says =~ /want / && $says !~ /wants/;
}
my @oauth2 = map { ('--set', "n5geir.$_") } 'oauth2=yes', "oauth2_keys=$dir/none.pem";
like eir(@good, @oauth2, '-n')->{out}, qr/n5geir\.nf_instance: the node's nfInstanceId is wanted/, 'tokens are for somebody';
like eir(@good, @oauth2, '--set', 'n5geir.nf_instance=4947A69A-f61b-4bc1-b9da-47c9c5d14b64', '-n')->{out}, qr/\Atamga-eir: \S+none\.pem: cannot read the keys/, 'keys of tokens that are not there';
my @nrf = map { ('--set', $_) } 'n5geir.nf_instance=4947a69a-f61b-4bc1-b9da-47c9c5d14b64', 'nrf.address=http://nrf.example';
like eir(@good, @nrf, '-n')->{out}, qr/nrf\.address: wants an address of n5geir/, 'only who answers registers';
like eir(@good, @nrf, '--sbi', '0.0.0.0:8080', '-n')->{out}, qr/nrf\.announce: an address is wanted that AMFs can call/, 'with an address';
like eir(@good, @nrf, '--sbi', '0.0.0.0:8080', '--set', 'nrf.announce=192.0.2.1:0', '-n')->{out}, qr/nrf\.announce: a port is wanted/, 'and a port';
is eir(@good, @nrf, '--sbi', '0.0.0.0:8080', '--set', 'nrf.announce=192.0.2.1:80', '-n')->{code}, 0, 'both';
like eir(@good, @nrf, '--sbi', '127.0.0.1:0', '--set', "nrf.certificate=$dir/none.pem", '-n')->{out}, qr/nrf\.certificate: certificate and tls_key belong together/, 'half of a certificate';
is eir(@good[0 .. 3], '-n')->{code}, 2, 'no address';
is eir(@good[2 .. 5], '-n')->{code}, 2, 'nobody to answer from';
is eir(@good, '--registry', 'http://127.0.0.1:1', '-n')->{code}, 2, 'register and snapshot';
is eir(@good, '--diameter')->{code}, 2, 'an option without its value';
like eir(@good, '--colour', 'red')->{out}, qr/no option --colour/, 'no such option';
like eir('--snapshot', $snapshot, '--key', $key, '--diameter', '192.0.2.1:3868', '-n')->{out}, qr/identity and realm/, 'names are wanted outside of loopback';
my @peer = map { ('--set', $_) } 's13.identity=eir.example', 's13.realm=example', 's13.peers=*', 's13.tls_connect=192.0.2.1:5868';
like eir(@good, @peer, '-n')->{out}, qr/s13\.tls_connect: wants certificate, tls_key and clients/, 'a peer that is called by TLS is checked by somebody';
is eir(@good, '--set', 's13.sctp_listen=127.0.0.1+localhost:0', '-n')->{code}, 2, 'several addresses of one end are numbers, too';
{
    my $has = socket my $s, Socket::AF_INET, Socket::SOCK_STREAM, 132; # SCTP, if this kernel has it; eir_sctp.t has one that does and one that does not
    my $got = eir(@good, '--set', 's13.sctp_listen=127.0.0.1:0', '-n');
    is $got->{out}, $has ? "The settings are in order.\n" : "tamga-eir: s13.sctp_listen: 127.0.0.1: this kernel has no SCTP (module sctp); use TCP (UNAVAILABLE)\n", 'SCTP is there, or -n says that it is not';
    my $taken = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Proto => 'tcp', Listen => 1);
    my $port = $taken->sockport;
    like eir(@good, '--diameter', "127.0.0.1:$port")->{out}, qr/^tamga-eir: cannot listen on 127\.0\.0\.1, port $port: Address already in use \(UNAVAILABLE\)$/m, 'a port that somebody has: no file is blamed';
}
my $text = spew("$dir/wrong.ini", "[node]\nkey = $key\nthreads = many\n");
like eir('--settings', $text, '-n')->{out}, qr/\Atamga-eir: \Q$text\E:3: node\.threads/, 'a file is told with its line';
$text = spew("$dir/wrong.ini", "[node]\nkey = $key\nthreads = many\nunknown = white\nmalformed = red\n[s13]\npeers = a\n");
like eir('--settings', $text, '-n')->{out}, qr/\Atamga-eir: \Q$text\E:3: node\.threads: `many`: want a number from 1 to 256 \(SETTING_VALUE\)$/m, 'the first fault, whatever good and wrong lines follow';
$text = spew("$dir/wrong.ini", "[node]\nkey = $key\nno sense\nthreads = many\n");
like eir('--settings', $text, '-n')->{out}, qr/\Atamga-eir: \Q$text\E:3: want NAME = VALUE or \[section\] \(SETTING_VALUE\)$/m, 'a line that is no setting, before a wrong one';
$text = spew("$dir/wrong.ini", "[node]\nkey = $key\nthreads = many\nno sense\n");
like eir('--settings', $text, '-n')->{out}, qr/\Atamga-eir: \Q$text\E:3: node\.threads: `many`/, 'and behind it';
is eir('--settings', "$dir/none.ini", '-n')->{code}, 2, 'no such file';
my $open = spew("$dir/open.key", slurp($key));
chmod 0644, $open;
like eir('--snapshot', $snapshot, '--key', $open, '--diameter', '127.0.0.1:0', '-n')->{out}, qr/others may read it: chmod 600/, 'a key that others may read';
my $half = spew("$dir/half.key", "register=00\n");
chmod 0600, $half;
like eir('--snapshot', $snapshot, '--key', $half, '--diameter', '127.0.0.1:0', '-n')->{out}, qr/half\.key:1: register= has not the form/, 'half a key';
is eir(@good, '--set', "s13.certificate=$dir/none.pem", '--set', "s13.tls_key=$dir/none.pem", '--set', 's13.tls_listen=127.0.0.1:0', '-n')->{code} != 0, 1, 'a certificate that is not there';
my $other = Register->new;
$other->run('suspend', '--mark', 'stolen', '--by', 'police', '--order', '1', imei(1));
$other->run('node', 'add', 'beta', '--out', $other->path('node.key'));
like eir('--snapshot', $snapshot, '--key', $other->path('node.key'), '--diameter', '127.0.0.1:0')->{out}, qr/of another register/, "another register's snapshot is not served";

# ---- every file that is named ----

my $ca = FreeDiameter::authority("$dir/ca");
FreeDiameter::certificate($ca, $_) for 'eir.example', 'other.example';
my $none = "$dir/none.pem";
my $text_file = spew("$dir/text.pem", "no PEM\n");
my $damaged = spew("$dir/damaged.tgix", slurp($snapshot) =~ s/^(.{700})./$1\xff/sr);
my @followed = ('--registry', 'http://127.0.0.1:1', '--key', $key, '--diameter', '127.0.0.1:0', '--directory', "$dir/eir");
my %tls = (certificate => "$ca/eir.example.pem", tls_key => "$ca/eir.example.key", clients => "$ca/ca.pem");
sub tls_of {
    my ($face, %other) = @_;
    my %set = (%tls, %other);
    return map { ('--set', "$face.$_=$set{$_}") } grep { defined $set{$_} } sort keys %set;
}
for my $face (qw(s13 n5geir)) {
    is_deeply eir(@followed, tls_of($face), '--set', "$face.tls_listen=127.0.0.1:0", '-n'), {code => 0, out => "The settings are in order.\n"}, "$face: certificate, key and authorities";
    for my $name (sort keys %tls) {
        like eir(@followed, tls_of($face, $name => $_), '-n')->{out}, qr/\Atamga-eir: \Q$_\E: /, "$face.$name: $_" for $none, $text_file;
    }
    like eir(@followed, tls_of($face, tls_key => "$ca/other.example.key"), '-n')->{out}, qr/other\.example\.key: .*key/, "$face: the key of another certificate";
    like eir(@followed, tls_of($face, certificate => undef), '-n')->{out}, qr/\Atamga-eir: $face\.certificate: is wanted/, "$face: a key for nothing";
}
is eir(@followed, '-n')->{code}, 0, 'a directory that will be made';
ok !-e "$dir/eir", 'and is not made by a check';
is eir(@followed, '--set', "node.registry_ca=$ca/ca.pem", '-n')->{code}, 0, 'authorities of the register';
for my $case (
    ["node.registry_ca=$none", qr/\Atamga-eir: \Q$none\E: node\.registry_ca: no certificates of authorities/],
    ["node.registry_ca=$text_file", qr/\Atamga-eir: \Q$text_file\E: node\.registry_ca: /],
    ["node.directory=$dir/no/eir", qr{\Atamga-eir: node\.directory: \Q$dir\E/no: is no directory}],
    ["node.directory=$text_file", qr/\Atamga-eir: node\.directory: \Q$text_file\E: is no directory/],
    ["log.file=$dir/no/checks.log", qr{\Atamga-eir: log\.file: \Q$dir\E/no: is no directory}],
    ["log.file=$dir", qr/\Atamga-eir: log\.file: \Q$dir\E: is no file/],
    ["node.key=$dir/none.key", qr/none\.key/],
  ) {
    my $got = eir(@followed, '--set', $case->[0], '-n');
    like $got->{out}, $case->[1], "$case->[0]: why";
    isnt $got->{code}, 0, "$case->[0]: refused";
}
for my $case (["$dir/none.tgix", qr/node\.snapshot: .*none\.tgix/], [$damaged, qr/node\.snapshot: /], [$text_file, qr/node\.snapshot: /]) {
    like eir('--snapshot', $case->[0], @good[2 .. 5], '-n')->{out}, $case->[1], "node.snapshot=$case->[0]: why";
}

# ---- reload, check log ----

my $log = "$dir/checks.log";
my $node = Eir::start(settings => {log => {file => $log, max_bytes => 4096, keep => 2}});
my $settings = "$node->{dir}/settings.ini";
my $mme = Diameter->new(port => $node->{s13});
is $mme->greet->{'Result-Code'}, 2001, 'a peer';
sub said { return Diameter::said($mme->ask(imei => substr(Eir::imei_of($_[0]), 0, 14), imsi => '401010000000001')) }
is said('unknown'), 'grey', 'the unknown are grey';
is said('black'), 'black', 'the stolen black';
is said('white'), 'white', 'the white white';
ok poll(5, sub { return (() = slurp($log) =~ /\n/g) == 2 }), 'grey and black are logged, white is not' or diag(slurp($log));
like slurp($log), qr/^time=\S+Z face=s13 origin=mme1\.mnc077\.example imei=\d{8}-\d\*{5}-\* sv=- imsi=40101\*{10} status=black list=black reason=STOLEN rule=1$/m, 'a line';
my $was = slurp($settings);
spew($settings, $was =~ s/^threads = 1$/threads = 1\nunknown = black/mr =~ s/^peers = .*$/peers = nobody.example/mr =~ s/^\[log\]$/[log]\nwhite = yes/mr);
kill 'HUP', $node->{pid};
ok poll(5, sub { return said('unknown') eq 'black' }), 'SIGHUP: the unknown are black';
is said('white'), 'white', 'who is connected stays';
ok poll(5, sub { return slurp($log) =~ /status=white/ }), 'white is logged from now on';
my $stranger = Diameter->new(port => $node->{s13}, host => 'mme2.mnc077.example');
is $stranger->greet->{'Result-Code'}, 3010, 'who is not on the new list is refused';
spew($settings, "[node]\nthreads = many\n");
kill 'HUP', $node->{pid};
ok poll(5, sub { return $node->log_text =~ /level=alarm event=reload error=SETTING_VALUE/ }), 'wrong settings are told';
is said('unknown'), 'black', 'and change nothing';
rename $log, "$log.moved";
spew($settings, $was);
kill 'HUP', $node->{pid};
ok poll(5, sub { return said('black') && -s $log }), 'a log that was moved is opened anew';
ok poll(20, sub { said('black') for 1 .. 20; return -e "$log.2" }), 'a log that is full is renamed';
ok poll(5, sub { return -s "$log.1" >= 4096 && -s "$log.1" < 100_000 }), 'by its size';
my ($status, $body) = Register::http({port => $node->{metrics}}, 'GET', '/metrics');
like $body, qr/^tamga_eir_checks_total\{face="s13",peer="\*\.mnc077\.example",what="black"\} [1-9]/m, 'peers are counted by name';
like $body, qr/^tamga_eir_answer_seconds_bucket\{face="s13",le="\+Inf"\} [1-9]/m, 'with a histogram';
unlike $body, qr/nan|inf\b/, 'every value is a number';
is ((Register::http({port => $node->{metrics}}, 'GET', '/healthz'))[0], 200, '/healthz');
my $second = Diameter->new(port => $node->{s13});
is $second->greet->{'Result-Code'}, 4003, 'a second connection of one name is refused';
is $node->stop, 0, 'SIGTERM: a clean end';

# ---- several connections, so many requests a second ----

$node = Eir::start(settings => {s13 => {several => 'yes', rate_max => 3, watchdog_seconds => 6}});
my @both = map { Diameter->new(port => $node->{s13}) } 1 .. 2;
is $_->greet->{'Result-Code'}, 2001, 'several of one name' for @both;
my $black = substr Eir::imei_of('black'), 0, 14;
my @said = map { Diameter::said($both[0]->ask(imei => $black)) } 1 .. 20;
is_deeply [@said[0 .. 2]], [('black') x 3], 'a second\'s worth of requests';
ok + (grep { $_ eq '3004' } @said), 'more hear that we are busy';
is Diameter::said($both[1]->ask(imei => $black)), 'black', 'others do not';
my $watchdog = Diameter::parse($both[1]->bytes(10) // '');
is $watchdog->{command}, 280, 'a peer that is silent is asked whether it lives';
is $node->stop, 0, 'a clean end';

# ---- a reload is all or nothing; a peer keeps its counters ----

$node = Eir::start(tls => 1);
$mme = Diameter->new(port => $node->{s13});
is $mme->greet->{'Result-Code'}, 2001, 'a peer';
said('black') for 1 .. 5;
sub black_of {
    my ($peer) = @_;
    my ($status, $body) = Register::http({port => $node->{metrics}}, 'GET', '/metrics');
    return $body =~ /^tamga_eir_checks_total\{face="s13",peer="\Q$peer\E",what="black"\} (\d+)/m ? $1 : 0;
}
is black_of('*.mnc077.example'), 5, 'its checks are counted';
$settings = "$node->{dir}/settings.ini";
$was = slurp($settings);
my $pem = "$node->{ca}/eir.mnc077.example.pem";
my $certificate = slurp($pem);
my $new = $was =~ s/^threads = 1$/threads = 1\nunknown = black/mr =~ s/^peers = .*$/peers = mme9.example, *.mnc077.example/mr;
spew($settings, $new);
spew($pem, 'no certificate');
kill 'HUP', $node->{pid};
ok poll(5, sub { return $node->log_text =~ /level=alarm event=reload error=TLS/ }), 'a certificate that is none is alarmed';
is said('unknown'), 'grey', 'and none of the new settings is in force';
unlike $node->log_text, qr/event=reload peers=/, '... nor said to be';
spew($pem, $certificate);
kill 'HUP', $node->{pid};
ok poll(5, sub { return said('unknown') eq 'black' }), 'with a good one they are';
$mme = Diameter->new(port => $node->{s13}, host => 'mme3.mnc077.example');
is $mme->greet->{'Result-Code'}, 2001, 'another peer by the same pattern';
my $counted = black_of('*.mnc077.example');
said('black') for 1 .. 3;
is black_of('*.mnc077.example'), $counted + 3, 'is counted where the pattern was, which now stands second';
is black_of('mme9.example'), 0, 'the new pattern before it has no checks of others';
my $ninth = Diameter->new(port => $node->{s13}, host => 'mme9.example');
is $ninth->greet->{'Result-Code'}, 2001, 'it is let in';
$ninth->ask(imei => substr Eir::imei_of('black'), 0, 14);
is black_of('mme9.example'), 1, 'and counted by itself';
spew($settings, $was =~ s/^peers = .*$/peers = mme9.example/mr);
kill 'HUP', $node->{pid};
ok poll(5, sub { return $node->log_text =~ /event=reload peers=1 / }), 'a pattern that is removed';
is black_of('*.mnc077.example'), $counted + 3, '... leaves its counter';
is black_of('mme9.example'), 1, '... and shifts no other';
is (Diameter->new(port => $node->{s13}, host => 'mme4.mnc077.example')->greet->{'Result-Code'}, 3010, 'and lets nobody in any more');
is $node->stop, 0, 'a clean end';

# ---- descriptors ----

SKIP: {
    skip 'no prlimit here, or too few open files allowed', 11 unless -x '/usr/bin/prlimit' && (slurp('/proc/self/limits') =~ /^Max open files +\d+ +(\d+)/m)[0] > 500;
    for my $case (['300:', 0], ['300:300', 1]) {
        my ($nofile, $warned) = @$case;
        my $run = spew("$dir/limited", "#!/bin/sh\nexec prlimit --nofile=$nofile $Eir::program \"\$@\"\n");
        chmod 0755, $run;
        local $Eir::program = $run;
        $node = Eir::start();
        my ($soft) = slurp("/proc/$node->{pid}/limits") =~ /^Max open files\s+(\d+)/m;
        is $soft > 300 ? 1 : 0, 1 - $warned, "open files $nofile: raised as far as it goes";
        is $node->log_text =~ /event=open_files limit=300 connections=\d\d\d?$/m ? 1 : 0, $warned, 'and told when that is little';
        my @idle = map { IO::Socket::INET->new(PeerAddr => "127.0.0.1:$node->{s13}") } 1 .. 280;
        my $late = Diameter->new(port => $node->{s13});
        is $late->greet->{'Result-Code'}, 2001, 'strangers that say nothing keep nobody out';
        ok opendir(my $fds, "/proc/$node->{pid}/fd"), 'descriptors';
        cmp_ok scalar(grep { /\d/ } readdir $fds), '<', 300 - 60, 'some are left' if $warned;
        is $node->stop, 0, 'a clean end';
    }
}

done_testing;
