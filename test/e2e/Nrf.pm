# SPDX-License-Identifier: Apache-2.0
#
# Nrf - the stand-in NRF of test/peers/nrf.mjs on a port, told what to do and asked what it heard; stopped by its own pid.
package Nrf;
use strict;
use warnings;
use File::Temp qw(tempdir);
use FindBin;
use IPC::Open2;
use JSON::PP;
use Register;

our $ID = '11111111-2222-4333-8444-555555555555';
our $EIR = '4947a69a-f61b-4bc1-b9da-47c9c5d14b64';
my %running;

# Why it cannot run here; nothing when it can.
sub missing { return (grep { -x "$_/node" } split /:/, $ENV{PATH}) ? '' : 'node is not installed (packages.txt)' }

# with: dir (its keys; one is made), port (0: any), tls => [certificate, key, clients].
sub start {
    my (%with) = @_;
    my $dir = $with{dir} // tempdir('tamga-nrf.XXXXXX', TMPDIR => 1, CLEANUP => 1);
    my $self = bless {dir => $dir}, 'Nrf';
    $self->{pid} = open2($self->{out}, $self->{in}, 'node', "$FindBin::Bin/../peers/nrf.mjs", $dir, $with{port} // 0, @{$with{tls} // []});
    $running{$self->{pid}} = 1;
    my $line = readline $self->{out} // die 'the NRF did not start';
    $self->{port} = decode_json($line)->{port};
    return $self;
}

sub tell {
    my ($self, $do, %words) = @_;
    print {$self->{in}} encode_json({do => $do, %words}), "\n";
    $self->{in}->flush;
    my $line = readline $self->{out} // die "the NRF is gone: $do";
    return decode_json($line);
}

sub state { return $_[0]->tell('state') }

# A token that is good for a node of $EIR; with what shall be otherwise: alg, key, claims.
sub token {
    my ($self, %with) = @_;
    my %claims = (iss => $ID, sub => '22222222-2222-4333-8444-555555555555', aud => '5G_EIR', scope => 'n5g-eir-eic', exp => time + 600, %{$with{claims} // {}});
    return $self->tell('sign', alg => $with{alg} // 'ES256', key => $with{key} // 'own', claims => \%claims)->{token};
}

sub end {
    my ($self) = @_;
    return unless delete $running{$self->{pid}};
    kill 'TERM', $self->{pid};
    waitpid $self->{pid}, 0;
    return;
}

END {
    my $code = $?;
    for my $pid (keys %running) { kill 'KILL', $pid; waitpid $pid, 0 }
    $? = $code;
}

1;
