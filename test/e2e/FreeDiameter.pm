# SPDX-License-Identifier: Apache-2.0
#
# FreeDiameter - Debian's freeDiameterd as a Diameter peer, with the S13 extension of test/peers/fd_s13.c: an
# authority and certificates made for it, its settings written, started on a free port, stopped by its own pid.
package FreeDiameter;
use strict;
use warnings;
use IO::Socket::INET;
use Register;
use Time::HiRes qw(sleep time);

my $extensions = '/usr/lib/freeDiameter';
my %running;

# Why it cannot run here; nothing when it can.
sub missing {
    my ($built) = @_;
    return 'freeDiameterd is not installed (packages-test.txt)' unless grep { -x "$_/freeDiameterd" } split /:/, $ENV{PATH};
    return "$extensions/dict_dcca_3gpp.fdx is missing (freediameter-extensions)" unless -e "$extensions/dict_dcca_3gpp.fdx";
    return "$built is missing: it is built where libfreediameter-dev is installed" unless -e $built;
    return '';
}

sub openssl {
    my ($dir, @words) = @_;
    system("cd $dir && openssl @words >>openssl.log 2>&1") == 0 or die "openssl @words: " . Register::slurp("$dir/openssl.log");
    return;
}

# An authority in the directory: ca.pem, and dh.pem that freeDiameter would else make for itself in seconds.
sub authority {
    my ($dir) = @_;
    mkdir $dir unless -d $dir;
    return $dir if -e "$dir/ca.pem";
    openssl($dir, 'req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 3 -subj "/CN=Test authority"');
    openssl($dir, 'genpkey -genparam -algorithm DH -pkeyopt group:ffdhe2048 -out dh.pem');
    return $dir;
}

# A certificate of the authority for a host: HOST.pem, HOST.key.
sub certificate {
    my ($dir, $host) = @_;
    openssl($dir, qq(req -newkey rsa:2048 -nodes -keyout $host.key -out $host.csr -subj "/CN=$host"));
    Register::spew("$dir/$host.ext", "subjectAltName=DNS:$host\n");
    openssl($dir, "x509 -req -in $host.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 3 -extfile $host.ext -out $host.pem");
    return;
}

# Ports of the kernel's choice that nobody has now.
sub free_ports {
    my ($n) = @_;
    my @sockets = map { IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Proto => 'tcp', Listen => 1) or die $! } 1 .. $n;
    return map { $_->sockport } @sockets;
}

# with: dir, ca (a directory of authority; one is made), extension, host, realm; words (what fd_s13.c reads); to => {host, port, tls} of a server to call;
# sctp => 1: by SCTP alone, else by TCP alone; own: an address (of loopback it takes none for its own); admits => a realm whose hosts may call; tw: seconds of its watchdog. Listens on ->{port}.
sub start {
    my (%with) = @_;
    my ($dir, $host) = @with{qw(dir host)};
    my $ca = $with{ca} // authority("$dir/ca");
    certificate($ca, $host) unless -e "$ca/$host.pem";
    my ($port, $secure) = free_ports(2);
    my $conf = <<"END";
Identity = "$host";
Realm = "$with{realm}";
Port = $port;
SecPort = $secure;
ListenOn = "@{[$with{own} // '127.0.0.1']}";
@{[$with{sctp} ? 'No_TCP' : 'No_SCTP']};
No_IPv6;
NoRelay;
AppServThreads = 2;
TwTimer = @{[$with{tw} // 30]};
TcTimer = 5;
TLS_Cred = "$ca/$host.pem", "$ca/$host.key";
TLS_CA = "$ca/ca.pem";
TLS_DH_File = "$ca/dh.pem";
LoadExtension = "$extensions/dict_nasreq.fdx";
LoadExtension = "$extensions/dict_dcca.fdx";
LoadExtension = "$extensions/dict_dcca_3gpp.fdx";
LoadExtension = "$with{extension}" : "$dir/$host.words";
END
    if (my $realm = $with{admits}) {
        Register::spew("$dir/$host.acl", "ALLOW_IPSEC *.$realm\n");
        $conf .= qq(LoadExtension = "$extensions/acl_wl.fdx" : "$dir/$host.acl";\n);
    }
    if (my $to = $with{to}) {
        my $tls = $to->{tls} ? '' : 'No_TLS; ';
        $conf .= qq(ConnectPeer = "$to->{host}" { ConnectTo = "127.0.0.1"; Port = $to->{port}; $tls};\n);
    }
    Register::spew("$dir/$host.words", $with{words});
    Register::spew("$dir/$host.conf", $conf);
    my $log = "$dir/$host.log";
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        open STDIN, '<', '/dev/null';
        open STDOUT, '>', $log;
        open STDERR, '>&', \*STDOUT;
        exec qw(freeDiameterd -c), "$dir/$host.conf", $with{debug} ? '-dd' : () or POSIX::_exit(127);
    }
    $running{$pid} = 1;
    return bless {pid => $pid, log => $log, port => $port, secure => $secure, out => ($with{words} =~ /\A\S+ (\S+)/)[0]}, 'FreeDiameter';
}

sub log_text { return Register::slurp($_[0]{log}) }

# The lines that the extension wrote so far.
sub told { return split /\n/, Register::slurp($_[0]{out}) }

# Asks it to end, which says goodbye to its peers; true when it ended within the seconds.
sub stop {
    my ($self, $seconds) = @_;
    kill 'TERM', $self->{pid};
    my $ended = Register::poll($seconds // 10, sub { waitpid($self->{pid}, POSIX::WNOHANG()) == $self->{pid} });
    delete $running{$self->{pid}} if $ended;
    return $ended;
}

END {
    my $code = $?;
    for my $pid (keys %running) { kill 'KILL', $pid; waitpid $pid, 0 }
    $? = $code;
}

1;
