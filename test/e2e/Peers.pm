# SPDX-License-Identifier: Apache-2.0
#
# Peers - border, post, customs and GSMA as programs of their own (test/peers/peer.py): started on free ports, made
# to fail and to be well again, stopped by their own pid.
package Peers;
use strict;
use warnings;
use FindBin;
use Register;

my %peers; # name => {pid, port, out}

# Starts those named; returns lines of the section [portal].
sub start {
    my ($dir, @names) = @_;
    my ($settings, $me) = ("", $$);
    for my $name (@names) {
        my $pid = open my $out, '-|', 'python3', "$FindBin::Bin/../peers/peer.py", $name, '--log', "$dir/$name.log", '--parent', $me
            or die "python3: $!";
        chomp(my $port = <$out> // '');
        die "$name did not start" unless $port =~ /^\d+$/;
        $peers{$name} = {pid => $pid, port => $port, out => $out, log => "$dir/$name.log"};
        $settings .= "$name = http://127.0.0.1:$port/\n";
    }
    return $settings;
}

sub fault {
    my ($how, @names) = @_;
    Register::http($peers{$_}, 'POST', '/fault', {'Content-Type' => 'application/json'}, qq({"as":"$how"})) for @names;
    return;
}

sub logged {
    my ($file) = @_;
    return () unless -e $file;
    return map { Register::json($_) } split /\n/, Register::slurp($file);
}

# The questions so far, as hashes.
sub asked { return logged($peers{$_[0]}{log}) }

# Who waited for a slow one and went away without an answer: {asked, left} in seconds.
sub left { return logged("$peers{$_[0]}{log}.left") }

sub stop {
    kill 'KILL', map { $_->{pid} } values %peers;
    close $_->{out} for values %peers;
    %peers = ();
    return;
}

END { my $code = $?; stop(); $? = $code }

1;
