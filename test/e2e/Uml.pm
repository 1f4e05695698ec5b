# SPDX-License-Identifier: Apache-2.0
#
# Uml - Debian's User-Mode Linux: a kernel of our own as a process, for what the kernel of this machine lacks. Its root is this
# machine's file system, read-only; one directory can be written; its network is its own loopback alone. It boots in two seconds.
#
# Outside, boot() starts it with a script for its first process; that script does all inside of within(), which gives the
# directory, and turns the kernel off behind it.
package Uml;
use strict;
use warnings;
use POSIX ();
use Register ();
use Socket;

use constant {KERNEL => '/usr/bin/linux.uml', MODULES => '/usr/lib/uml/modules'};
use constant {SYS_REBOOT => 169, SYS_FINIT_MODULE => 313, POWER_OFF => 0x4321fedc}; # x86-64
use constant {SIOCGIFFLAGS => 0x8913, SIOCSIFFLAGS => 0x8914, SIOCSIFADDR => 0x8916, IFF_UP => 1};

# Why it cannot run here; nothing when it can.
sub missing {
    return 'User-Mode Linux is not installed (user-mode-linux of packages-test.txt)' unless -x KERNEL && -d MODULES;
    return 'User-Mode Linux is used on x86-64 alone' unless (POSIX::uname())[4] eq 'x86_64';
    return '';
}

# with: script, dir (an absolute path that the script may write to), seconds; more names and values are in the script's
# environment. What its console said; the script's own words stand where it writes them.
sub boot {
    my (%with) = @_;
    my ($script, $dir, $seconds) = delete @with{qw(script dir seconds)};
    my @words = ('mem=384M', 'rootfstype=hostfs', 'ro', "init=$script", 'con=null', 'con0=null,fd:1', 'ssl=null', 'quiet',
        "umid=tamga.$$", "uml_dir=$dir/", 'random.trust_cpu=on', "UML_DIR=$dir", map { "$_=$with{$_}" } sort keys %with);
    my $pid = open my $console, '-|';
    defined $pid or die "fork: $!";
    if (!$pid) {
        open STDIN, '<', '/dev/null';
        open STDERR, '>&', \*STDOUT;
        # Its memory is a file that is run from: containers often mount /dev/shm so that nothing may be.
        $ENV{TMPDIR} = $dir if Register::slurp('/proc/mounts') =~ m{^\S+ /dev/shm \S+ \S*\bnoexec\b}m;
        exec 'timeout', '-k', 5, $seconds, KERNEL, @words or POSIX::_exit(127);
    }
    my $said = join '', <$console>;
    close $console;
    return $said;
}

# ---- inside ----

sub run { system(@_) == 0 or die "@_: failed\n" }

# The whole life of the first process. TMPDIR is the directory.
sub within {
    my ($code) = @_;
    my $dir = $ENV{UML_DIR};
    $ENV{PATH} = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
    eval {
        run(qw(mount -t proc proc /proc));
        run(qw(mount -t tmpfs tmpfs /run));
        run(qw(mount -t hostfs -o), $dir, 'none', $dir);
        $ENV{TMPDIR} = $dir;
        $code->($dir);
        1;
    } or warn $@;
    POSIX::sync() if POSIX->can('sync');
    syscall SYS_REBOOT, 0xfee1dead, 672274793, POWER_OFF, 0;
    return;
}

# Loads a module of this kernel, and before it those that it needs.
sub load {
    my ($name) = @_;
    my $root = MODULES . '/' . (POSIX::uname())[2];
    open my $list, '<', "$root/modules.dep" or die "$root/modules.dep: $!\n";
    my ($line) = grep { m{/\Q$name\E\.ko:} } <$list>;
    die "this kernel has no module $name\n" unless $line;
    my ($module, @needs) = split /:?\s+/, $line;
    for my $file (reverse(@needs), $module) {
        open my $f, '<', "$root/$file" or die "$root/$file: $!\n";
        my $none = '';
        syscall(SYS_FINIT_MODULE, fileno $f, $none, 0) == 0 || $!{EEXIST} or die "$file: $!\n";
    }
    return;
}

# An interface comes up, or goes down; with an address, that it has.
sub interface {
    my ($name, $up, $address) = @_;
    socket my $s, AF_INET, SOCK_DGRAM, 0 or die "socket: $!\n";
    if ($address) {
        my $request = pack 'a16 a16 x8', $name, pack_sockaddr_in(0, inet_aton($address));
        ioctl $s, SIOCSIFADDR, $request or die "$name: $address: $!\n";
    }
    my $request = pack 'a16 s x22', $name, 0;
    ioctl $s, SIOCGIFFLAGS, $request or die "$name: $!\n";
    my $flags = unpack 'x16 s', $request;
    $flags = $up ? $flags | IFF_UP : $flags & ~IFF_UP;
    $request = pack 'a16 s x22', $name, $flags;
    ioctl $s, SIOCSIFFLAGS, $request or die "$name: $!\n";
    return;
}

1;
