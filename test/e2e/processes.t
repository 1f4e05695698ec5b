#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# processes - several processes on one register: writers, an import and readers at once; a server
# that sees what others commit, and answers on while its database is out of reach; a writer that
# has to wait says for whom.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use IPC::Open2 qw(open2);
use Register;
use Test::More;
use Time::HiRes qw(time sleep);

use constant {WRITERS => 4, SINGLES => 12, READS => 10, LIST => 150_000, SHORT => 2_000, HOLD => 400_000};

my @stolen = ('--mark', 'stolen', '--by', 'police', '--order', '1');

sub health {
    my ($server) = @_;
    my ($status, $body) = Register::http($server, 'GET', '/healthz');
    return $status == 200 ? json($body) : {};
}

sub told {
    my ($server, $imei) = @_;
    my ($status, $body) = Register::http($server, 'GET', "/api/v1/check/$imei");
    return $status == 200 ? json($body)->{reason} : "HTTP $status";
}

# --- everybody at once ---

my $r = Register->new(now => '2026-03-01T07:00:00Z');
my $list = $r->file('list.txt', map { imei($_, 86927100 + $_ % 7) . "\n" } 1 .. LIST);
# They all come to a register that is not there yet: one makes it, the others find it.
my $import = $r->start({tag => 'import'}, 'import', 'amnesty', $list);
my @children;
for my $writer (1 .. WRITERS) {
    my $pid = fork // die;
    if (!$pid) {
        my $wrong = 0;
        for my $n (1 .. SINGLES) {
            my $got = $r->run({tag => "writer$writer"}, 'suspend', @stolen, imei($writer * 1000 + $n));
            $wrong++, print STDERR "# writer: $got->{err}" if $got->{code} || $got->{out} !~ /1 rows written/;
        }
        POSIX::_exit($wrong);
    }
    push @children, $pid;
}
poll(30, sub { $r->run('rules', 'show')->{code} == 0 });
for my $reader (1 .. 2) {
    my $pid = fork // die;
    if (!$pid) {
        my $wrong = 0;
        for my $n (1 .. READS) {
            my $got = $r->run({tag => "reader$reader"}, 'check', imei($n, 86927100 + $n % 7));
            $wrong++, print STDERR "# check: $got->{err}" if $got->{code} > 1 || $got->{code} < 0;
            $got = $r->run({tag => "reader$reader"}, 'journal', 'verify');
            $wrong++, print STDERR "# verify: $got->{err}" if $got->{code};
            $got = $r->run({tag => "reader$reader"}, 'db', 'check');
            $wrong++, print STDERR "# db check: $got->{err}" if $got->{code};
        }
        POSIX::_exit($wrong);
    }
    push @children, $pid;
}
for my $pid (@children) {
    waitpid $pid, 0;
    is $? >> 8, 0, $pid == $children[-1] ? 'the last reader' : 'a writer or reader did all it wanted';
}
is Register::wait_for($import, 120), 0, 'the import came through' or diag slurp($r->path('import.err'));
my $whole = $r->whole;
ok $whole, 'the register is whole';
is $whole->{facts}, LIST + WRITERS * SINGLES, 'every fact once';
is $whole->{items}, 3 + 2 + LIST + 2 * WRITERS * SINGLES, 'every row once';
is scalar(grep { $_ eq 'black STOLEN' }
      $r->lists(map { my $w = $_; map { imei($w * 1000 + $_) } 1 .. SINGLES } 1 .. WRITERS)),
  WRITERS * SINGLES, 'every mark stands';

# Two imports of the same file at once, into a register that neither of them finds: both make it,
# one loads the file. Often, as the two must meet in the same millisecond.
my $short = $r->file('short.txt', map { imei($_) . "\n" } 1 .. SHORT);
for my $round (1 .. 20) {
    my $twice = Register->new(now => '2026-03-01T07:00:00Z');
    my @pids = map { $twice->start({tag => "import$_"}, 'import', 'amnesty', $short) } 1, 2;
    for my $n (1, 2) {
        is Register::wait_for($pids[$n - 1], 120), 0, "round $round: import $n of the same file"
          or diag slurp($twice->path("import$n.err"));
    }
    is $twice->whole->{facts}, SHORT, "round $round: every fact once";
}

# A change of rules beside suspensions and a feed: shell and server agree on all of them.
my $feed = $r->file('feed.csv', lines('date,imei,imsi',
    map { "2026-02-20," . imei($_, '35920500') . ',401010000000001' } 1 .. 3000));
my @pids = ($r->start({tag => 'feed'}, 'feed', 'load', '--operator', 'alpha', $feed));
for my $days (20, 25, 22) {
    is $r->run('rules', 'set', "grace_days=$days")->{code}, 0, "rules beside a feed: $days days";
}
is Register::wait_for($pids[0], 60), 0, 'the feed' or diag slurp($r->path('feed.err'));
is $r->whole && 1, 1, 'whole after rules beside a feed';

# --- a server sees what others commit ---

my $server = $r->serve;
my $imei = imei(77);
is told($server, $imei), 'NEVER_ACTIVATED', 'before';
for my $n (1 .. 3) {
    my $one = imei(77 + $n);
    is $r->run('suspend', @stolen, $one)->{code}, 0, 'another process suspends';
    my $began = time;
    ok poll(10, sub { told($server, $one) eq 'STOLEN' }), 'the server hears of it';
    my $took = time - $began;
    ok $took <= 1, sprintf 'within a second (%.2f s)', $took;
}
is $r->run('rules', 'set', 'unknown_served=no')->{code}, 0, 'another rule set';
ok poll(2, sub { json((Register::http($server, 'GET', "/api/v1/check/$imei"))[1])->{served} ? 0 : 1 }),
  'the server hears of it too';
is health($server)->{store}, 'ok', 'healthz';

# --- the database goes away ---

# A reader's query fails for real when a table is gone; `serve` itself is not touched.
$r->sql('ALTER TABLE journal_head RENAME TO gone');
ok poll(10, sub { (health($server)->{store} // '') eq 'unreachable' }), 'healthz tells that the store fails';
is health($server)->{status}, 'stale', 'and that answers grow old';
is told($server, imei(78)), 'STOLEN', 'checks go on';
is told($server, imei(3, '86927103')), 'AMNESTY', 'for every list';
is +(Register::http($server, 'POST', '/check', {'Content-Type' => 'application/x-www-form-urlencoded'},
        "imei=$imei"))[0], 200, 'the page, too';
is $r->run('check', $imei)->{code}, 4, 'while the shell cannot';
my $stale = health($server)->{stale_ms};
ok poll(5, sub { health($server)->{stale_ms} > $stale }), 'it says for how long';
$r->sql('ALTER TABLE gone RENAME TO journal_head');
ok poll(10, sub { (health($server)->{store} // '') eq 'ok' }), 'back again';
is $r->run('suspend', @stolen, imei(90))->{code}, 0, 'and somebody commits';
ok poll(2, sub { told($server, imei(90)) eq 'STOLEN' }), 'the server follows on';

if ($r->{backend} eq 'sqlite') {
    # The whole directory is moved away, then the file is overwritten in place.
    my $away = $r->dir . '.away';
    rename $r->dir, $away or die;
    is told($server, imei(90)), 'STOLEN', 'checks go on without the directory';
    sleep 0.5;
    is told($server, imei(3, '86927103')), 'AMNESTY', 'and on';
    rename $away, $r->dir or die;
    is Register::stop($server->{pid}), 0, 'a clean end on SIGTERM';
    ok $r->whole, 'the register is whole';
    $server = $r->serve;
    is told($server, imei(90)), 'STOLEN', 'a server starts anew';
    open my $f, '+<', $r->db or die;
    print $f 'x' x 65536;
    close $f;
    unlink glob $r->db . '-wal';
    is told($server, imei(90)), 'STOLEN', 'checks go on when the file is overwritten';
    is $r->run('check', imei(90))->{code}, 4, 'while the shell cannot read it';
    Register::stop($server->{pid});
} else {
    Register::stop($server->{pid});
}

# --- waiting for another's turn ---

my $w = Register->new(now => '2026-03-01T07:00:00Z');
is $w->run('user', 'add', 'aigul')->{code}, 0, 'a register';

# An import is stopped; whether it stood in the writer's place then, only trying tells.
sub stop_a_writer {
    my ($tag) = @_;
    my $pid = $w->start({tag => $tag}, 'import', 'amnesty', $list);
    poll(20, sub { $w->sql('SELECT count(*) FROM batch WHERE state = 2') || !kill 0, $pid });
    sleep rand 0.5; # right after its intent it never stands there
    kill 'STOP', $pid;
    return $pid;
}
my ($holder, $pid, $began, $tries);
for my $try (1 .. 60) {
    $tries = $try;
    spew($list, map { imei($_, 86000000 + $try) . "\n" } 1 .. HOLD);
    $holder = stop_a_writer("holder$try");
    $began = time;
    $pid = $w->start({tag => 'wait'}, 'suspend', @stolen, imei(1000 + $try));
    my $ended;
    my $told = poll(12, sub {
        return 1 if slurp($w->path('wait.err')) =~ /waiting/;
        $ended = defined Register::wait_for($pid, 0.1);
        return $ended ? -1 : 0;
    });
    last if $told > 0;
    # It stood elsewhere: between two transactions, or closing the file, where all wait for SQLite.
    kill 'CONT', $holder;
    Register::wait_for($pid, 60) unless $ended;
    Register::wait_for($holder, 60);
}
print "# stopped after ", time - $^T, " s, tries: $tries\n";
ok poll(10, sub { slurp($w->path('wait.err')) =~ /waiting: process $holder writes to the register/ }),
  'a writer that waits says for which process' or diag slurp($w->path('wait.err'));
my $after = time - $began;
ok $after > 1.5, sprintf 'after two seconds, not at once (%.1f s)', $after;
is $w->run('check', imei(1))->{code}, 1, 'readers do not wait';
kill 'CONT', $holder;
is Register::wait_for($pid, 20), 0, 'then its turn comes';
is Register::wait_for($holder, 60), 0, 'and the other ends its work';

if ($w->{backend} eq 'sqlite') {
    my $sqlite = open2(my $from, my $to, 'sqlite3', $w->db);
    print $to "BEGIN IMMEDIATE; SELECT 'held';\n";
    $to->flush;
    is scalar <$from>, "held\n", 'a stranger holds the database';
    $pid = $w->start({tag => 'wait'}, 'suspend', @stolen, imei(1));
    ok poll(10, sub { slurp($w->path('wait.err')) =~ /waiting: process $sqlite writes/ }),
      'a writer that waits says for whom' or diag slurp($w->path('wait.err'));
    print $to "COMMIT;\n";
    close $to;
    is Register::wait_for($pid, 20), 0, 'then its turn comes';
    waitpid $sqlite, 0;
    is_deeply [$w->lists(imei(1))], ['black STOLEN'], 'and it is written';
}
ok $w->whole, 'whole';
done_testing;
