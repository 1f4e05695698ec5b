# SPDX-License-Identifier: Apache-2.0
#
# EirSctp - what eir_sctp.t shows of a node on SCTP, in the kernel that has it.
package EirSctp;
use strict;
use warnings;
use Diameter qw(avp number grouped message);
use Eir;
use Register;
use Sctp;
use Test::More;
use Time::HiRes qw(time);
use Uml;

my ($dir, $eir, $port, %imei);
my @node = ($Eir::program, '--snapshot', $ENV{SNAPSHOT}, '--key', $ENV{KEY}, '--metrics', '127.0.0.1:0',
    map { ('--set', $_) } 'node.threads=1', 's13.identity=eir.mnc077.example', 's13.realm=mnc077.example', 's13.peers=*.mnc077.example');

sub words { my (@set) = @_; return (@node, map { ('--set', $_) } @set) }

# Runs it to its end: (exit code, what it said).
sub ended {
    my (@words) = @_;
    my $pid = Eir::begin("$dir/ended", @words);
    my $over = poll(20, sub { waitpid($pid, POSIX::WNOHANG()) == $pid }) or kill 'KILL', $pid;
    return ($over ? $? >> 8 : -1, slurp("$dir/ended"));
}

sub peer {
    my (%with) = @_;
    my $s = Sctp::call(address => $with{address}, port => $with{port} // $port, from => $with{from}) or return;
    return Diameter->new(socket => $s, map { $_ => $with{$_} } grep { $with{$_} } qw(host realm));
}


sub all {
    ($dir) = @_;
    %imei = map { $_ => Eir::imei_of($_) } qw(white black grey unknown);
    Uml::interface('lo', 1);
    without();
    Uml::load('hmac'); # of its cookies
    Uml::load('sctp');
    ok Sctp::has(), 'the module is loaded';
    my $capture = Sctp::capture("$dir/eir.pcap");
    $eir = Eir::launch("$dir/eir.log", words('s13.sctp_listen=127.0.0.1:0'));
    ok $eir, 'with it the node begins' or diag(slurp("$dir/eir.log")), return;
    like slurp("$dir/eir.log"), qr/event=listen face=s13 address=127\.0\.0\.1 port=\d+ tls=no transport=sctp/, '... and says where it listens';
    $port = $eir->{s13};
    asking();
    strangers();
    pipelined();
    prompt();
    bounds();
    lost();
    freediameter() if $ENV{EXTENSION};
    stopping();
    Sctp::captured($capture);
    wire();
    pressed();
    homes();
    calling();
    return;
}

sub without {
    ok !Sctp::has(), 'a kernel without SCTP';
    for my $set ('s13.sctp_listen=127.0.0.1:0', 's13.sctp_connect=127.0.0.1:3868') {
        my ($name) = split /=/, $set;
        my @words = words($set, 's13.listen=127.0.0.1:0');
        for my $check ([@words, '-n'], \@words) {
            my ($code, $said) = ended(@$check);
            is_deeply [$code, $said =~ s/.*(?=tamga-eir:)//sr], [4, "tamga-eir: $name: 127.0.0.1: this kernel has no SCTP (module sctp); use TCP (UNAVAILABLE)\n"],
                $name . ($check == \@words ? ': the node does not begin' : ': -n says so');
        }
    }
    return;
}

sub asking {
    my $p = peer() or return fail("a peer connects: $!");
    my $cea = $p->greet;
    is Diameter::said($cea), 2001, 'capabilities';
    is_deeply [hosts($cea)], ['127.0.0.1'], '... and one address of the node';
    is Diameter::said($p->ask(imei => $imei{$_}, imsi => '401770000000001')), $_ eq 'unknown' ? 'grey' : $_, $_ for qw(white grey black unknown);
    $p->send(message(280, Diameter::origin($p), hop => 79));
    is Diameter::said($p->hear), 2001, 'the watchdog';
    is Diameter::said($p->part), 2001, 'goodbye';
    close $p->{socket};
    return;
}

# The addresses that a CER or a CEA names.
sub hosts { my ($m) = @_; return map { join '.', unpack 'x2C4', $_->[1] } grep { $_->[0] eq 'Host-IP-Address' } @{$m->{avps}} }

# A peer whose capabilities were taken.
sub known {
    my (%with) = @_;
    my $p = peer(%with) or die "a peer does not connect: $!\n";
    my $said = Diameter::said($p->greet);
    die "capabilities: $said\n" unless $said eq '2001';
    return $p;
}

sub strangers {
    my $p = peer(host => 'mme.elsewhere.example', realm => 'elsewhere.example');
    is Diameter::said($p->greet), 3010, 'a peer on no list';
    ok $p->closed, '... and the association ends';
    $p = peer();
    $p->send(ecr_of($p, 1));
    ok $p->closed, 'who asks before he has said who he is is dropped';
    return;
}

sub ecr_of { my ($p, $n, %more) = @_; return Diameter::ecr($p, session => "s;$n", hop => $n, end => $n, imei => $imei{white}, %more) }

# Many on the way at once; each answer is one message, read by one read.
sub pipelined {
    my $p = known(host => 'mme2.mnc077.example');
    my $many = 300;
    $p->send(ecr_of($p, $_)) for 1 .. $many;
    my (%got, $odd);
    for (1 .. $many) {
        IO::Select->new($p->{socket})->can_read(5) or last;
        sysread $p->{socket}, my $bytes, 65536;
        my $m = eval { Diameter::parse($bytes) } or $odd++, next;
        $got{$m->{hop}}++ if Diameter::said($m) eq 'white';
    }
    is_deeply [sort { $a <=> $b } keys %got], [1 .. $many], "$many questions on the way at once: each is answered";
    ok !$odd, '... in a message of its own';
    $p->part;
    close $p->{socket};
    return;
}

# Two answers in a row: without SCTP_NODELAY the second waits for an acknowledgement, which peers put off by 200 ms.
sub prompt {
    my $p = known(host => 'mme2.mnc077.example');
    my $least = 9;
    for my $round (1 .. 20) {
        my $began = time;
        $p->send(ecr_of($p, 2 * $round) . ecr_of($p, 2 * $round + 1));
        $p->hear for 1 .. 2;
        my $took = time - $began;
        $least = $took if $took < $least;
        last if $least < 0.1;
    }
    cmp_ok $least, '<', 0.1, 'no answer waits for an acknowledgement of the one before';
    $p->part;
    close $p->{socket};
    return;
}

# What a message of SCTP holds is whole messages of Diameter.
sub bounds {
    my $p = known(host => 'mme3.mnc077.example');
    $p->send(join '', map { ecr_of($p, $_) } 1 .. 3);
    is join(' ', map { Diameter::said($p->hear) } 1 .. 3), 'white white white', 'three in one message: three answers';
    Sctp::sends($p->{socket}, stream => 5, ppid => 0);
    $p->send(ecr_of($p, 4));
    is Diameter::said($p->hear), 'white', 'by another stream, without a payload protocol';
    Sctp::sends($p->{socket}, flags => Sctp::UNORDERED);
    $p->send(ecr_of($p, 5));
    is Diameter::said($p->hear), 'white', 'unordered';
    Sctp::sends($p->{socket});
    Sctp::pieces($p->{socket}, 1000);
    my $much = join '', map { grouped('Proxy-Info', avp('Proxy-Host', "p$_.example"), avp('Proxy-State', 'x' x 1000)) } 1 .. 55;
    $p->send(ecr_of($p, 6, more => $much));
    my $m = $p->hear // {avps => []};
    is scalar(grep { $_->[0] eq 'Proxy-Info' } @{$m->{avps}}), 55, 'one of 57 kB, which travels in 60 chunks: one answer, as long';
    Sctp::pieces($p->{socket}, 0);
    my $ecr = ecr_of($p, 7);
    $p->send(substr $ecr, 0, 100);
    is Diameter::said($p->hear), 5015, 'half of one is told so';
    ok $p->closed, '... and the association ends: what follows cannot be its other half';
    $p = known(host => 'mme3.mnc077.example');
    $p->send(ecr_of($p, 8) . "\1\0\0");
    is Diameter::said($p->hear), 'white', 'three bytes behind a whole one: it is answered';
    ok $p->closed, '... and the association ends';
    $p = known(host => 'mme3.mnc077.example');
    $p->send('GET / HTTP/1.1' . "\r\n" x 10);
    ok $p->closed, 'what is no Diameter ends it';
    return;
}

# Peers that go without a goodbye come back at once, and nobody else is touched.
sub lost {
    my $other = known(host => 'mme4.mnc077.example');
    for my $how (qw(abort shutdown)) {
        my $p = known(host => 'mme5.mnc077.example');
        $p->send(ecr_of($p, $_)) for 1 .. 50;
        $how eq 'abort' ? Sctp::abort($p->{socket}) : close $p->{socket};
        my $back = poll(5, sub { my $again = peer(host => 'mme5.mnc077.example') or return; my $said = Diameter::said($again->greet); $again->part if $said eq '2001'; close $again->{socket}; $said eq '2001' });
        ok $back, "a peer that is gone by $how comes back";
        is Diameter::said($other->ask(imei => $imei{black})), 'black', '... and another is answered';
    }
    Sctp::abort($other->{socket});
    ok poll(5, sub { $eir->metric('tamga_eir_connections') == 0 }), 'none is left behind';
    return;
}

sub freediameter {
    require FreeDiameter;
    Uml::interface('lo:9', 1, '203.0.113.1');
    my @asked = map { [$imei{$_}, '-', '401770000000001', $_] } qw(white black grey unknown);
    my %answer = (white => 0, black => 1, grey => 2, unknown => 2);
    my $words = "ask $dir/fd.out mnc077.example\n" . join '', map { "@{$_}[0 .. 2]\n" } @asked;
    my $fd = FreeDiameter::start(dir => $dir, ca => "$dir/ca", extension => $ENV{EXTENSION}, host => 'fd.mnc077.example', realm => 'mnc077.example', words => $words, debug => 1,
        sctp => 1, own => '203.0.113.1', to => {host => 'eir.mnc077.example', port => $port});
    ok poll(30, sub { grep { $_ eq 'done' } $fd->told }), 'freeDiameter asks' or diag substr $fd->log_text, -3000;
    is_deeply [$fd->told], [(map { "$_->[0] result=2001 experimental=0 status=$answer{$_->[3]}" } @asked), 'done'], '... and is told white, black, grey and what the operator says of the unknown';
    like $fd->log_text, qr/Connected to 'eir\.mnc077\.example' \(SCTP/, '... by SCTP indeed';
    unlike $fd->log_text, qr/^\S+\s+(?:ERROR|FATAL)/m, '... and found no error in what it got' or diag join "\n", grep { /ERROR|FATAL/ } split /\n/, $fd->log_text;
    ok $fd->stop(20), 'it ends';
    return;
}

sub stopping {
    my $p = known(host => 'mme6.mnc077.example');
    kill 'TERM', $eir->{pid};
    my $dpr = $p->hear;
    is_deeply [@{$dpr}{qw(command flags Disconnect-Cause)}], [282, 0x80, 0], 'a node that stops says so: DPR, REBOOTING';
    is Diameter::said($p->ask(imei => $imei{grey})), 'grey', '... answers what still comes';
    ok !peer(host => 'mme7.mnc077.example'), '... and lets nobody in';
    $p->send(message(282, number('Result-Code', 2001) . Diameter::origin($p), flags => 0, hop => $dpr->{hop}, end => $dpr->{end}));
    ok $p->closed, 'after the DPA the association ends';
    is $eir->end, 0, 'the node ends';
    return;
}

# What the node said, as it went over the wire.
sub wire {
    my @ours = grep { $_->{type} == Sctp::CHUNK_DATA && $_->{from} == $port } Sctp::chunks("$dir/eir.pcap");
    cmp_ok scalar(@ours), '>', 300, scalar(@ours) . ' messages of the node were seen';
    is_deeply [grep { $_->{ppid} != 46 } @ours], [], '... each of payload protocol 46';
    is_deeply [grep { ($_->{flags} & 3) != 3 } @ours], [], '... in one chunk';
    my @m = map { my $c = $_; my $m = eval { Diameter::parse($c->{data}) }; $m ? {%$m, chunk => $c->{flags}} : () } @ours;
    is scalar(@m), scalar(@ours), '... one whole message of Diameter, no more';
    my (%unordered, %ordered);
    ($_->{chunk} & 4 ? $unordered{$_->{command}} : $ordered{$_->{command}})++ for @m;
    is_deeply [[sort keys %unordered], [sort keys %ordered]], [[324], [257, 280, 282]], '... answers to questions may overtake, all others come in order';
    return;
}

# A peer that does not take its answers is not read either; once it takes them, it gets all.
sub pressed {
    $eir = Eir::launch("$dir/eir2.log", words('s13.sctp_listen=127.0.0.1:0')) or return fail('another node begins');
    $port = $eir->{s13};
    my $p = known(host => 'mme8.mnc077.example');
    my $select = IO::Select->new($p->{socket});
    $p->{socket}->blocking(0);
    my $sent = 0;
    my $long = grouped('Proxy-Info', avp('Proxy-Host', 'p.example'), avp('Proxy-State', 'x' x 8000));
    while ($sent < 20000) {
        $sent++ and next if defined syswrite $p->{socket}, ecr_of($p, $sent + 1, more => $long);
        last unless $select->can_write(0.5);
    }
    cmp_ok $sent, '<', 20000, "a peer that takes no answer is not read after $sent questions";
    my %got;
    while (keys %got < $sent && $select->can_read(20)) { # a window that was shut opens when its timer comes round
        sysread $p->{socket}, my $bytes, 65536 or last;
        $got{Diameter::parse($bytes)->{hop}}++;
    }
    is scalar(keys %got), $sent, '... and has an answer to each when it takes them';
    $p->{socket}->blocking(1);
    is Diameter::said($p->part), 2001, '... and goes';
    close $p->{socket};
    is $eir->end, 0, 'the node ends';
    return;
}

# An end with two addresses, by two networks: one of them goes away.
sub homes {
    my @node = ('192.0.2.1', '198.51.100.1');
    my @mine = ('192.0.2.2', '198.51.100.2');
    Uml::interface("lo:$_", 1, $node[$_ - 1]) for 1, 2;
    Uml::interface('lo:' . ($_ + 2), 1, $mine[$_ - 1]) for 1, 2;
    $eir = Eir::launch("$dir/eir3.log", words("s13.sctp_listen=$node[0]+$node[1]:0,127.0.0.1+[::1]:0,0.0.0.0:0,[::]:0"));
    ok $eir, 'a node with two addresses for one end' or diag(slurp("$dir/eir3.log")), return;
    my @ports = slurp("$dir/eir3.log") =~ /event=listen face=s13 address=\S+ port=(\d+)/g;
    my $p = peer(address => $node[0], port => $ports[0], from => \@mine, host => 'mme9.mnc077.example') or return fail("a peer with two addresses: $!");
    my $cea = $p->greet;
    is Diameter::said($cea), 2001, 'a peer with two addresses';
    is_deeply [sort(hosts($cea))], \@node, '... is told both of the node';
    is Diameter::said($p->ask(imei => $imei{black})), 'black', '... and answered';
    Uml::interface('lo:1', 0);
    is Diameter::said($p->ask(imei => $imei{grey}, seconds => 30)), 'grey', 'without one of the two networks it is answered by the other';
    $p->part;
    close $p->{socket};
    my $q = peer(address => $node[1], port => $ports[2], host => 'mme10.mnc077.example') or return fail("a node at all addresses: $!");
    my @told = hosts($q->greet);
    ok +(grep { $_ eq $node[1] } @told), 'a node that listens at all addresses names those it has' or diag "@told";
    ok !(grep { $_ eq '0.0.0.0' } @told), '... and not 0.0.0.0';
    $q->part;
    close $q->{socket};
    for my $case ([1, '127.0.0.1', 'a node at an address of IPv4 and one of IPv6'], [1, '::1', '... by the other'], [3, '127.0.0.1', 'a node at all addresses of both'], [3, '::1', '... by the other']) {
        my ($door, $address, $what) = @$case;
        my $r = peer(address => $address, port => $ports[$door], host => 'mme11.mnc077.example') or fail("$what: $!"), next;
        my $cea = $r->greet;
        is Diameter::said($r->ask(imei => $imei{black})), 'black', $what;
        like join(' ', map { unpack 'H*', $_->[1] } grep { $_->[0] eq 'Host-IP-Address' } @{$cea->{avps}}), qr/\A00017f000001 0002(?:00){15}01\b/, '... and both are told';
        $r->part;
        close $r->{socket};
    }
    is $eir->end, 0, 'the node ends';
    return;
}

# The node calls an agent.
sub calling {
    my ($door, $at) = Sctp::listen_at('127.0.0.1');
    my $pid = Eir::begin("$dir/eir4.log", words("s13.sctp_connect=127.0.0.1:$at"));
    IO::Select->new($door)->can_read(10) or return fail('the node calls: ' . slurp("$dir/eir4.log"));
    my $agent = Diameter->new(socket => Sctp::accept_one($door), host => 'dra.mnc077.example', realm => 'mnc077.example');
    my $cer = $agent->hear;
    is_deeply [@{$cer}{qw(command flags Origin-Host)}], [257, 0x80, 'eir.mnc077.example'], 'an agent that the node calls by SCTP hears its CER';
    $agent->send(message(257, number('Result-Code', 2001) . substr(Diameter::cer($agent), 20), flags => 0, hop => $cer->{hop}, end => $cer->{end}));
    is Diameter::said($agent->ask(imei => $imei{black})), 'black', '... asks, and is answered';
    kill 'TERM', $pid;
    my $dpr = $agent->hear;
    is $dpr->{command}, 282, '... and hears when the node goes';
    close $agent->{socket};
    is waitpid($pid, 0) == $pid && $?, 0, 'which ends';
    return;
}

1;
