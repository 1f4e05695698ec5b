#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# freediameter DIR EXTENSION - Debian's freeDiameterd as an S13 server, the peer of bench/eir.sh: no TLS, no relay, two threads
# that answer, an extension that looks at one digit. Prints "port=N pid=N", ends on SIGTERM.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../test/e2e";
use FreeDiameter;
use POSIX ();

my ($dir, $extension) = @ARGV;
if (my $why = FreeDiameter::missing($extension)) { die "$why\n" }
my $ended = 0;
$SIG{TERM} = $SIG{INT} = sub { $ended = 1 };
my $server = FreeDiameter::start(dir => $dir, extension => $extension, host => 'eir.bench.example', realm => 'bench.example',
    admits => 'bench.example', words => "serve $dir/answers\n");
Register::poll(30, sub { $ended || IO::Socket::INET->new(PeerAddr => "127.0.0.1:$server->{port}") }) or die $server->log_text;
$| = 1;
print "port=$server->{port} pid=$server->{pid}\n";
POSIX::pause() until $ended;
$server->stop(20);
