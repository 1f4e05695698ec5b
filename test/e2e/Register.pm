# SPDX-License-Identifier: Apache-2.0
#
# Register - what the scripts of test/e2e share: a register in a directory of its own, the real
# `tamga` run on it with a fixed clock, and waiting that looks instead of sleeping. Every process
# that is started here is stopped here, by its own pid.
package Register;
use strict;
use warnings;
use Exporter qw(import);
use File::Copy qw(copy);
use File::Temp qw(tempdir);
use IO::Socket::INET;
use JSON::PP ();
use POSIX qw(:sys_wait_h);
use Time::HiRes qw(time sleep);

our @EXPORT = qw($tamga imei luhn slurp spew lines poll json);

our $tamga = $ENV{TAMGA} // 'build/tamga';
delete @ENV{qw(TAMGA_REGISTER TAMGA_KEY TAMGA_ACTOR TAMGA_NOW)};
my %running;

sub slurp {
    my ($path) = @_;
    open my $f, '<:raw', $path or return '';
    local $/;
    return scalar <$f> // '';
}

sub spew {
    my ($path, @text) = @_;
    open my $f, '>:raw', $path or die "$path: $!";
    print $f @text;
    close $f or die "$path: $!";
    return $path;
}

sub lines { return join '', map { "$_\n" } @_ }

sub json { return JSON::PP->new->decode($_[0]) }

# 15 digits out of the first 14.
sub luhn {
    my ($body) = @_;
    my ($sum, $double) = (0, 1);
    for my $digit (reverse split //, $body) {
        my $v = $double ? 2 * $digit : $digit;
        $sum += $v > 9 ? $v - 9 : $v;
        $double = !$double;
    }
    return $body . (10 - $sum % 10) % 10;
}

# The n-th IMEI of the tests, all of one model unless told otherwise.
sub imei {
    my ($n, $tac) = @_;
    return luhn(sprintf '%s%06d', $tac // '35735007', $n);
}

# Looks every 10 ms, for at most so many seconds, until the code is true. Returns what it returned.
sub poll {
    my ($seconds, $code) = @_;
    my $end = time + $seconds;
    while (1) {
        my $v = $code->();
        return $v if $v || time > $end;
        sleep 0.01;
    }
}

# now: fixes the clock of every command, e.g. '2026-03-01T12:00:00Z'. backend: 'sqlite' (a file in the
# directory) or 'postgres' (a database of its own in the server of TAMGA_TEST_POSTGRES), unless
# TAMGA_TEST_BACKEND says other.
sub new {
    my ($class, %with) = @_;
    my $dir = $with{dir} // tempdir('tamga-e2e.XXXXXX', TMPDIR => 1, CLEANUP => 1);
    my $r = bless {dir => $dir, now => $with{now}, actor => undef}, $class;
    $r->{backend} = $with{backend} // $ENV{TAMGA_TEST_BACKEND} // 'sqlite';
    return $r->in_database($with{template}) if $r->{backend} eq 'postgres';
    $r->{url} = "sqlite:$dir/tamga.db";
    return $r;
}

# ---- in PostgreSQL ----

my %databases; # by directory
my $made = 0;

# SQL in a database of the tests' server; what it gives, as `sqlite3` would print it.
sub psql {
    my ($database, $sql, $server) = @_;
    my $pid = open my $p, '-|', 'psql', '-qtAX', '-v', 'ON_ERROR_STOP=1', '-d',
      ($server // $ENV{TAMGA_TEST_POSTGRES}) . "/$database?options=-csearch_path%3Dtamga%20-cclient_min_messages%3Dwarning", '-c', $sql
      or die "psql: $!";
    my $out = join '', <$p>;
    close $p or die "psql: $sql";
    chomp $out;
    return $out;
}

# test/postgres.sh on a cluster of the directory; what it prints. Clusters end with the script.
my @clusters;

sub cluster {
    my ($dir, $command, $name, @rest) = @_;
    push @clusters, "$dir/$name" if $command eq 'start' || $command eq 'standby';
    my $pid = open my $p, '-|', 'test/postgres.sh', $command, "$dir/$name", @rest or die $!;
    my $out = join '', <$p>;
    close $p or die "postgres.sh $command $name";
    chomp $out;
    return $out;
}

# A directory in which clusters may live.
sub cluster_dir {
    my $dir = tempdir('tamga-cluster.XXXXXX', TMPDIR => 1, CLEANUP => 1);
    chmod 0755, $dir; # PostgreSQL may run as another user
    return $dir;
}

sub in_database {
    my ($r, $template) = @_;
    my $name = $databases{$r->{dir}};
    if (!$name) {
        $name = $databases{$r->{dir}} = "tamga_e2e_${$}_" . ++$made;
        psql('postgres', "CREATE DATABASE $name TEMPLATE " . ($template // 'template0'));
    }
    $r->{database} = $name;
    $r->{url} = "$ENV{TAMGA_TEST_POSTGRES}/$name";
    $r->{key} = "$r->{dir}/tamga.key";
    return $r;
}

# Ends all connections to it: a dead client's may outlive it for a moment.
sub disconnect {
    my ($r) = @_;
    psql('postgres', 'SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity '
          . "WHERE datname = '$r->{database}'");
    return;
}

sub dir { return $_[0]{dir} }
sub db { return "$_[0]{dir}/tamga.db" }
sub now { my ($r, $now) = @_; $r->{now} = $now; return $r }
sub actor { my ($r, $name) = @_; $r->{actor} = $name; return $r }

# Lines of a settings file that all later commands get; none: no file.
sub settings {
    my ($r, @text) = @_;
    $r->{settings} = @text ? spew("$r->{dir}/settings.ini", lines(@text)) : undef;
    return $r;
}

sub path { return "$_[0]{dir}/$_[1]" }

sub file {
    my ($r, $name, @text) = @_;
    return spew("$r->{dir}/$name", @text);
}

sub words {
    my ($r, @words) = @_;
    return (
        $tamga, '--register', $r->{url}, ($r->{key} ? ('--key', $r->{key}) : ()),
        ($r->{settings} ? ('--settings', $r->{settings}) : ()),
        ($r->{now} ? ('--now', $r->{now}) : ()),
        ($r->{actor} ? ('--actor', $r->{actor}) : ()), @words
    );
}

# Starts a command; its output goes to files. env: a shell-free list before the program, such as
# a prefix command.
sub start {
    my ($r, $opt, @words) = @_;
    my $tag = $opt->{tag} // 'start';
    # Killed before it opens them, it must not leave an earlier process's words.
    unlink "$r->{dir}/$tag.out", "$r->{dir}/$tag.err";
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        open STDIN, '<', $opt->{stdin} // '/dev/null' or die;
        open STDOUT, '>', "$r->{dir}/$tag.out" or die;
        open STDERR, '>', "$r->{dir}/$tag.err" or die;
        chdir $opt->{chdir} if $opt->{chdir};
        exec @{$opt->{prefix} // []}, $r->words(@words) or POSIX::_exit(127);
    }
    $running{$pid} = 1;
    return $pid;
}

# Waits for a started process: its wait status, undef when it outlives the bound.
sub wait_for {
    my ($pid, $seconds) = @_;
    my $status;
    poll(
        $seconds // 60,
        sub {
            return 0 unless waitpid($pid, WNOHANG) == $pid;
            $status = $?;
            delete $running{$pid};
            return 1;
        }
    );
    return $status;
}

# The limit is for one that hangs: the check for leaks at the end of a sanitized one takes half a minute beside enough others.
sub stop {
    my ($pid, $signal) = @_;
    return unless $running{$pid};
    kill $signal // 'TERM', $pid;
    return wait_for($pid, 90) // do { kill 'KILL', $pid; wait_for($pid, 20) };
}

# Runs a command to its end: {code, out, err}; code -1 = killed by a signal or too slow.
sub run {
    my ($r, @words) = @_;
    my $opt = ref $words[0] ? shift @words : {};
    my $tag = $opt->{tag} // 'run';
    my $pid = $r->start({%$opt, tag => $tag}, @words);
    my $status = -1;
    my $bound = time + ($opt->{seconds} // 120);
    if (waitpid($pid, WNOHANG) != $pid) {
        local $SIG{ALRM} = sub { kill 'KILL', $pid };
        alarm($opt->{seconds} // 120);
        waitpid $pid, 0;
        alarm 0;
    }
    $status = $?;
    delete $running{$pid};
    return {
        code => WIFEXITED($status) ? WEXITSTATUS($status) : -1,
        out  => slurp("$r->{dir}/$tag.out"),
        err  => slurp("$r->{dir}/$tag.err"),
    };
}

# `check --json` of IMEIs: the decoded lines, in order.
sub check {
    my ($r, @words) = @_;
    return map { json($_) } split /\n/, $r->run('--json', 'check', @words)->{out};
}

# "grey UNVERIFIED" of each.
sub lists {
    my ($r, @words) = @_;
    return map { $_->{error} // "$_->{list} $_->{reason}" } $r->check(@words);
}

# Is the register whole: chain and facts? The head's JSON, or undef.
sub whole {
    my ($r) = @_;
    my $verify = $r->run('--json', 'journal', 'verify');
    my $check = $r->run('--json', 'db', 'check');
    if ($verify->{code} || $check->{code}) {
        Test::More::diag("journal verify: $verify->{err}db check: $check->{err}");
        return;
    }
    return json($check->{out});
}

# SQL on the register, past the program, as a hand with bad intentions would do it.
sub sql {
    my ($r, $sql) = @_;
    return psql($r->{database}, $sql) if $r->{database};
    my $pid = open my $p, '-|', 'sqlite3', '-bail', $r->db, $sql or die "sqlite3: $!";
    my $out = join '', <$p>;
    close $p or die "sqlite3: $sql";
    chomp $out;
    return $out;
}

# What stands in the register as it lies there: for looking whether something stands in clear.
sub stored {
    my ($r) = @_;
    return slurp($r->db) . slurp($r->db . '-wal') unless $r->{database};
    local $ENV{PGOPTIONS} = '-c bytea_output=escape';
    my $pid = open my $p, '-|', 'pg_dump', '--data-only', '-d', $r->{url} or die "pg_dump: $!";
    my $out = join '', <$p>;
    close $p or die "pg_dump: $r->{url}";
    return $out;
}

# Somebody else who writes and does not end: writers wait until it is let go.
sub held {
    my ($r) = @_;
    my @program = $r->{database}
      ? ('bash', '-c', "exec psql -qtAX '$r->{url}?options=-csearch_path%3Dtamga' <<<'BEGIN; LOCK TABLE record IN EXCLUSIVE MODE; SELECT 1; SELECT pg_sleep(60);'")
      : ('python3', '-c', "import sqlite3,time,sys\nc=sqlite3.connect(sys.argv[1],isolation_level=None)\nc.execute('BEGIN IMMEDIATE')\nprint('held',flush=True)\ntime.sleep(60)", $r->db);
    my $pid = open my $out, '-|', @program or die "$program[0]: $!";
    my $said = <$out> // '';
    return {pid => $pid, out => $out, said => $said};
}

sub let_go {
    my ($r, $held) = @_;
    kill 'KILL', $held->{pid};
    close $held->{out};
    $r->disconnect if $r->{database}; # the server would sleep on
    return;
}

# A copy in a directory of its own; nobody may be writing.
sub copy_of {
    my ($r, %with) = @_;
    $r->disconnect if $r->{database};
    my $other = Register->new(%with, backend => $r->{backend}, template => $r->{database});
    for my $from (grep { -f } glob "$r->{dir}/tamga.db* $r->{dir}/tamga.key") {
        my ($name) = $from =~ m{([^/]+)\z};
        copy($from, "$other->{dir}/$name") or die "$from: $!";
        chmod((stat $from)[2] & 0777, "$other->{dir}/$name");
    }
    @$other{qw(now actor)} = @$r{qw(now actor)};
    return $other;
}

# ---- serve ----

# Starts `serve` on a free port and waits until it says so.
sub serve {
    my ($r, @words) = @_;
    my $tag = 'serve';
    my $pid = $r->start({tag => $tag}, 'serve', '--listen', '127.0.0.1:0', @words);
    my ($port, $dead);
    poll(
        60,
        sub {
            ($port) = slurp("$r->{dir}/$tag.out") =~ m{http://127\.0\.0\.1:(\d+)/};
            $dead = !$port && !kill 0, $pid;
            return $port || $dead;
        }
    );
    Test::More::BAIL_OUT('serve did not start: ' . slurp("$r->{dir}/$tag.err")) unless $port;
    return {pid => $pid, port => $port};
}

# One request: (status, body, head).
sub http {
    my ($server, $method, $target, $headers, $body) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $server->{port},
        Timeout => 10) or return (0, '');
    my %headers = (Host => 'test', Connection => 'close', %{$headers // {}});
    my $bytes = "$method $target HTTP/1.1\r\n" . join '', map { "$_: $headers{$_}\r\n" } sort keys %headers;
    $bytes .= 'Content-Length: ' . length($body) . "\r\n" if defined $body;
    print $socket "$bytes\r\n", $body // '';
    local $/;
    my $all = <$socket> // '';
    my ($head, $rest) = split /\r\n\r\n/, $all, 2;
    my ($status) = ($head // '') =~ m{\AHTTP/1\.1 (\d+)};
    return ($status // 0, $rest // '', $head // '');
}

END {
    my $code = $?;
    for my $pid (keys %running) {
        kill 'KILL', $pid;
        waitpid $pid, 0;
    }
    system 'test/postgres.sh', 'stop', $_, 'kill' for grep { -e "$_/data" } @clusters;
    for my $name (values %databases) {
        eval { psql('postgres', "DROP DATABASE IF EXISTS $name WITH (FORCE)") };
    }
    $? = $code;
}

1;
