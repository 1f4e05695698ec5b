# SPDX-License-Identifier: Apache-2.0
#
# Eir - a real EIR node for scripts that are its peers: a register with a phone of each kind, its snapshot, the node's
# settings, the node on free ports, stopped by its own pid.
package Eir;
use strict;
use warnings;
use FindBin;
use File::Temp qw(tempdir);
use FreeDiameter;
use POSIX qw(strftime);
use Register;
use Time::HiRes qw(time);

our $program = ($tamga =~ s{[^/]*\z}{}r) . 'tamga-eir';
my ($register, $snapshot, $key);
my %running;

# Phones of the register; the last is in none.
my %imei = (white => imei(1), black => imei(2), grey => imei(3), unknown => imei(900000));
sub imei_of { return $imei{$_[0]} }

# A register as of today, and what a node needs of it.
sub snapshot {
    return ($snapshot, $key) if $snapshot;
    my $r = $register = Register->new;
    my $today = strftime '%Y-%m-%d', gmtime time - 86400;
    $r->file('amnesty.txt', "imei\n$imei{white}\n");
    $r->file('feed.csv', "date,imei,imsi,msisdn,rat\n$today,$imei{grey},401011234567890,77010000000,LTE\n");
    my @commands = (
        ['import', 'amnesty', $r->path('amnesty.txt')],
        ['suspend', '--mark', 'stolen', '--by', 'police', '--order', '1', $imei{black}],
        ['feed', 'load', '--operator', 'alpha', '--accept', 'all', '--reason', 'test', $r->path('feed.csv')],
        ['node', 'add', 'alpha', '--out', $r->path('node.key')],
        ['snapshot', 'write', $r->path('snapshot.tgix')],
    );
    for my $words (@commands) {
        my $got = $r->run(@$words);
        die "tamga @$words: $got->{err}" if $got->{code};
    }
    ($snapshot, $key) = ($r->path('snapshot.tgix'), $r->path('node.key'));
    return ($snapshot, $key);
}

# A command whose words go to the log; its pid. It is killed when the script ends before it.
sub begin {
    my ($log, @words) = @_;
    unlink $log;
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        open STDIN, '<', '/dev/null';
        open STDOUT, '>', $log;
        open STDERR, '>&', \*STDOUT;
        exec @words or POSIX::_exit(127);
    }
    $running{$pid} = 1;
    return $pid;
}

# A node of these words, on the ports that it finds, when it is ready. {pid, s13, h2, metrics, log}; undef: it did not
# come so far, and its log says why.
sub launch {
    my ($log, @words) = @_;
    my $self = bless {log => $log, pid => begin($log, @words)}, 'Eir';
    poll(30, sub { return slurp($log) =~ /event=ready/ || waitpid($self->{pid}, POSIX::WNOHANG()) == $self->{pid} });
    my %face = slurp($log) =~ /event=listen face=(\S+) address=\S+ port=(\d+)/g;
    @{$self}{qw(s13 h2 metrics)} = @face{qw(s13 n5g metrics)};
    return $face{s13} && $face{metrics} ? $self : undef;
}

# Ends it by a signal, TERM if none is named; its wait status.
sub end {
    my ($self, $signal) = @_;
    kill $signal // 'TERM', $self->{pid};
    waitpid $self->{pid}, 0;
    delete $running{$self->{pid}};
    return $?;
}

# A figure of /metrics; -1: it is not there.
sub metric {
    my ($self, $name) = @_;
    my (undef, $body) = Register::http({port => $self->{metrics}}, 'GET', '/metrics');
    return $body =~ /^\Q$name\E ([0-9.]+)$/m ? $1 : -1;
}

# with: tls => 1 (both faces also with TLS, clients by certificate of ->{ca}); settings => {section => {name => value}} over the
# usual ones. {pid, s13, h2, s13_tls, h2_tls, metrics (ports), dir, log, ca}.
sub start {
    my (%with) = @_;
    my ($file, $secret) = snapshot();
    my $dir = tempdir('tamga-eir.XXXXXX', TMPDIR => 1, CLEANUP => 1);
    my $self = bless {dir => $dir, log => "$dir/log"}, 'Eir';
    @{$self}{qw(s13 h2 s13_tls h2_tls metrics)} = FreeDiameter::free_ports(5);
    my %set = (
        node => {key => $secret, snapshot => $file, threads => 1},
        s13 => {listen => "127.0.0.1:$self->{s13}", identity => 'eir.mnc077.example', realm => 'mnc077.example', peers => '*.mnc077.example'},
        n5geir => {listen => "127.0.0.1:$self->{h2}"},
        metrics => {listen => "127.0.0.1:$self->{metrics}"},
    );
    if ($with{tls}) {
        my $ca = $self->{ca} = FreeDiameter::authority("$dir/ca");
        FreeDiameter::certificate($ca, $_) for qw(eir.mnc077.example amf.mnc077.example);
        for my $face (qw(s13 n5geir)) {
            my $port = $self->{$face eq 's13' ? 's13_tls' : 'h2_tls'};
            $set{$face} = {%{$set{$face}}, tls_listen => "127.0.0.1:$port", certificate => "$ca/eir.mnc077.example.pem", tls_key => "$ca/eir.mnc077.example.key", clients => "$ca/ca.pem"};
        }
    }
    while (my ($section, $names) = each %{$with{settings} // {}}) { $set{$section} = {%{$set{$section} // {}}, %$names} }
    my $text = join '', map { my $section = $_; "[$section]\n" . join '', map { "$_ = $set{$section}{$_}\n" } sort keys %{$set{$section}} } sort keys %set;
    spew("$dir/settings.ini", $text);
    my $pid = $self->{pid} = begin($self->{log}, $program, '--settings', "$dir/settings.ini");
    my $up = poll(20, sub { waitpid($pid, POSIX::WNOHANG()) == 0 && IO::Socket::INET->new(PeerAddr => "127.0.0.1:$self->{h2}") && IO::Socket::INET->new(PeerAddr => "127.0.0.1:$self->{s13}") });
    die "tamga-eir did not start:\n" . slurp($self->{log}) unless $up;
    return $self;
}

sub log_text { return slurp($_[0]{log}) }

# Asks it to end; its exit code, undef when it does not within the seconds.
sub stop {
    my ($self, $seconds) = @_;
    my $status;
    kill 'TERM', $self->{pid};
    poll($seconds // 15, sub { return 0 unless waitpid($self->{pid}, POSIX::WNOHANG()) == $self->{pid}; $status = $?; 1 });
    delete $running{$self->{pid}} if defined $status;
    return $status;
}

END {
    my $code = $?;
    for my $pid (keys %running) { kill 'KILL', $pid; waitpid $pid, 0 }
    $? = $code;
}

1;
