#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# failover - the drill: a primary and its synchronous standby, writes and checks without a pause; the
# primary is killed (SIGKILL, all its processes), the standby promoted. Not one acknowledged write is
# lost, no check stays unanswered, and whoever was connected finds the new primary by himself. Then the
# same with the roles changed: the old primary comes back as a standby (pg_rewind) and takes over again.
#
# TAMGA_FAILOVER_FIGURES=FILE keeps the figures that doc/postgresql.md tells.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Register;
use Test::More;
use Time::HiRes qw(time sleep);

use constant {CALLERS => 2, SECONDS => 6, BEFORE => 200};

my $dir = Register::cluster_dir();

sub postgres { my ($command, @rest) = @_; return Register::cluster($dir, $command, @rest) }

my @safe = ('fsync=on', 'full_page_writes=on', 'wal_log_hints=on', 'wal_keep_size=512MB');
my %url = (a => postgres('start', 'a', @safe));
$url{b} = postgres('standby', 'b', "$dir/a", 'b', @safe);
Register::psql('postgres', 'CREATE DATABASE tamga', $url{a});
Register::psql('postgres', "ALTER SYSTEM SET synchronous_standby_names = 'a, b'", $url{a});
Register::psql('postgres', 'SELECT pg_reload_conf()', $url{a});
ok poll(10, sub { Register::psql('postgres', 'SELECT count(*) FROM pg_stat_replication WHERE '
          . "sync_state = 'sync'", $url{a}) eq '1' }), 'a synchronous standby';

my ($user) = $url{a} =~ m{postgresql://([^/]*@)?};
my %port = map { $_ => ($url{$_} =~ /:(\d+)$/)[0] } 'a', 'b';
my $r = Register->new;
$r->{url} = 'postgresql://' . ($user // '') . "127.0.0.1:$port{a},127.0.0.1:$port{b}/tamga";
$r->{key} = "$dir/tamga.key";
is $r->run('import', 'amnesty', $r->file('list.txt', map { imei($_, 86927100) . "\n" } 1 .. 2000))->{code}, 0,
  'a register that names both hosts';
$r->settings('[limits]', map { ("${_}_rate = 100000", "${_}_burst = 100000") } 'person', 'address', 'public');
my $server = $r->serve;

# A commit that waits for its standby loses its connection: the block stands on one machine alone. Who looks it up
# waits for the standby as well, and says "done" only then.
my @police = ('--mark', 'stolen', '--by', 'police', '--order', 1);
is $r->run('suspend', @police, imei(1001, 86927100))->{code}, 0, 'a suspension';
postgres('stop', 'b');
my $waiter = $r->start({tag => 'waiter'}, 'suspend', @police, imei(1002, 86927100));
my $waiting = "FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
for my $time (1, 2) {
    ok poll(20, sub { Register::psql('postgres', "SELECT count(*) $waiting", $url{a}) eq '1' }), "it waits for the standby, time $time";
    Register::psql('postgres', "SELECT pg_terminate_backend(pid, 5000) $waiting", $url{a}) if $time == 1;
}
is Register::wait_for($waiter, 0.5), undef, 'nothing is acknowledged that one machine has';
postgres('again', 'b');
is Register::wait_for($waiter, 30), 0, 'it is, when the standby has it' or diag slurp($r->path('waiter.err'));
like slurp($r->path('waiter.out')), qr/black STOLEN/, 'and says so';
is Register::psql('tamga', 'SELECT next_seq FROM journal_head', $url{b}),
  Register::psql('tamga', 'SELECT next_seq FROM journal_head', $url{a}), 'both machines have the same journal';
ok poll(10, sub { Register::psql('postgres', 'SELECT count(*) FROM pg_stat_replication WHERE '
          . "sync_state = 'sync'", $url{a}) eq '1' }), 'the standby follows again';

# Asks without a pause until a file says stop: how many, how many not answered well, the slowest.
sub ask {
    my $pid = fork // die;
    return $pid if $pid;
    my ($n, $bad, $slowest) = (0, 0, 0);
    my $parent = getppid;
    until (-e "$dir/stop" || getppid != $parent) {
        my $began = time;
        my ($status, $body) = Register::http($server, 'GET', '/api/v1/check/' . imei(1 + $n % 1000, 86927100));
        my $took = time - $began;
        $slowest = $took if $took > $slowest;
        my $good = $status == 200 && $body =~ /AMNESTY/;
        $bad++ unless $good;
        spew("$dir/unanswered", "$status $body") unless $good;
        $n++;
        sleep 0.002;
    }
    spew("$dir/asked", "$n $bad $slowest");
    POSIX::_exit(0);
}

sub write_on {
    my ($from, $acks) = @_;
    my $pid = fork // die;
    return $pid if $pid;
    open STDOUT, '>', "$dir/writers.out" or die;
    open STDERR, '>', "$dir/writers.err" or die;
    my ($build) = $tamga =~ m{(.*)/[^/]+$};
    exec "$build/test/writers", $r->{url}, $r->{key}, CALLERS, SECONDS, $from, $acks or POSIX::_exit(127);
}

# Kills $old under load, promotes $new. Returns what was measured.
sub drill {
    my ($old, $new, $from) = @_;
    my $acks = "$dir/acks.$old";
    unlink "$dir/stop";
    my $asker = ask();
    my $writer = write_on($from, $acks);
    ok poll(20, sub { (() = slurp($acks) =~ /\n/g) > BEFORE }), "$old: writes flow";
    sleep 1;
    my $before = () = slurp($acks) =~ /\n/g;
    my $killed = time;
    postgres('stop', $old, 'kill');
    postgres('promote', $new);
    my $promoted = time;
    ok poll(SECONDS, sub { (() = slurp($acks) =~ /\n/g) > $before + BEFORE }), "$new: writes flow again"
      or diag slurp("$dir/writers.err");
    waitpid $writer, 0;
    is $?, 0, 'the writer found the new primary by itself' or diag slurp("$dir/writers.err");
    spew("$dir/stop", '');
    waitpid $asker, 0;
    my ($asked, $bad, $slowest) = split / /, slurp("$dir/asked");
    cmp_ok $asked, '>', 1000, "checks all the while ($asked)";
    is $bad, 0, 'no check unanswered' or diag slurp("$dir/unanswered");
    my %said = slurp("$dir/writers.out") =~ /(\w+)=([\d.]+)/g;
    ok poll(10, sub { json((Register::http($server, 'GET', '/healthz'))[1])->{store} eq 'ok' }),
      'the server found it, too';

    my @acked = grep { /^\d{14}$/ } split /\n/, slurp($acks);
    my @lost;
    for (my @left = @acked; @left;) {
        my @some = splice @left, 0, 4000; # as many as fit a command line
        push @lost, map { $_->{imei} } grep { $_->{reason} ne 'VERIFIED' } $r->check(map { luhn($_) } @some);
    }
    is scalar(@lost), 0, 'not one acknowledged write lost of ' . @acked or diag "@lost[0 .. ($#lost < 9 ? $#lost : 9)]";
    my $whole = $r->whole;
    ok $whole, 'the register is whole';
    my $last = luhn($acked[-1]);
    ok poll(5, sub { (Register::http($server, 'GET', "/api/v1/check/$last"))[1] =~ /VERIFIED/ }),
      'the server answers the last write';
    return sprintf "%s -> %s: %d acknowledged, %d refused, %.2f s without writes (promotion %.2f s), %d checks, slowest %.0f ms",
      $old, $new, scalar @acked, $said{refused}, $said{gap}, $promoted - $killed, $asked, 1000 * $slowest;
}

my @figures = drill('a', 'b', 0);

# The old one comes back behind the new one. pg_rewind goes by the new one's last checkpoint: without
# one since its promotion it would see nothing to do.
Register::psql('postgres', 'CHECKPOINT', $url{b});
my $bin = (sort glob '/usr/lib/postgresql/*/bin')[-1];
my @as = $> ? () : ('setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups');
my $own = slurp("$dir/a/data/test.conf"); # pg_rewind brings the other's
my ($source) = "$url{b}/postgres" =~ /(.*)/;
is system("cd / && @as $bin/pg_rewind -D $dir/a/data --config-file=$dir/a/data/test.conf --source-server='$source' -R >$dir/rewind.log 2>&1"),
  0, 'pg_rewind' or diag slurp("$dir/rewind.log");
spew("$dir/a/data/test.conf", $own);
spew("$dir/a/data/postgresql.auto.conf",
    slurp("$dir/a/data/postgresql.auto.conf") =~ s/primary_conninfo = '/primary_conninfo = 'application_name=a /gr);
postgres('again', 'a');
Register::psql('postgres', "ALTER SYSTEM SET synchronous_standby_names = 'a, b'", $url{b});
Register::psql('postgres', 'SELECT pg_reload_conf()', $url{b});
ok poll(20, sub { Register::psql('postgres', 'SELECT count(*) FROM pg_stat_replication WHERE '
          . "sync_state = 'sync'", $url{b}) eq '1' }), 'the old primary follows the new one'
  or diag join '', (split /^/, slurp("$dir/a/log"))[-12 .. -1];
push @figures, drill('b', 'a', 100_000);
is Register::stop($server->{pid}), 0, 'a clean end';
print "# $_\n" for @figures;
spew($ENV{TAMGA_FAILOVER_FIGURES}, map { "$_\n" } @figures) if $ENV{TAMGA_FAILOVER_FIGURES};
done_testing;
