#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# bulk_kill - `serve` is killed (SIGKILL) at random moments while a file of devices comes in by pieces, is checked in
# the background, filed, proposed by one officer, confirmed by another and entered. After the next start each file and
# application stands where it was acknowledged, or one act further, never back and never twice; its phones are white
# when it is approved and not before it is confirmed. At the end each file became one application, proposed once and
# entered once, and facts and journal agree.
#
# TAMGA_KILL_ROUNDS=12 kills; TAMGA_SEED repeats a run (of the same speed).
use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use FindBin;
use lib $FindBin::Bin;
use Bulk;
use JSON::PP ();
use Portal;
use Register;
use Test::More;
use Time::HiRes qw(sleep time);

my $rounds = $ENV{TAMGA_KILL_ROUNDS} // 12;
my $seed = int($ENV{TAMGA_SEED} // time);
srand $seed;
print "# seed TAMGA_SEED=$seed TAMGA_KILL_ROUNDS=$rounds\n";

my $r = Register->new;
my $p = Portal->new($r, border => 0, settings => "spool = $r->{dir}/spool\npapers = $r->{dir}/papers\n");
$p->staff($_, 'officer') for 'erlan', 'dana';
$p->organisation('firm', 'ТОО Импорт', Portal::number_of('8501013'), '0101400');
$p->serve;
my $firm = $p->enter('firm');
my @officer = map { $p->enter_staff($_) } 'erlan', 'dana';
is scalar(grep { $_->{status} == 200 } $firm, @officer), 3, 'an importer and two officers are signed in' or BAIL_OUT('no sessions');
my $b = Bulk->new($p, $firm);

# ---- one file: the acts that lead from one place to the next ----

# Where it stands: nothing, begun (comes in), checking, ready, filed, proposed, deciding, approved.
my @place = qw(nothing begun checking ready filed proposed deciding approved);
my %place = map { $place[$_] => $_ } 0 .. $#place;
# How far an act may have led, what the register does by itself after it included.
my %reach = (begin => 'begun', piece => 'begun', check => 'ready', file => 'filed', claim => 'filed', decide => 'proposed', confirm => 'approved');

my ($files, @flow) = (0);
sub new_flow {
    my $n = ++$files;
    my $rows = 30 + int rand 200;
    my $bytes = lines($header, map { row(imei($n * 1000 + $_, 35267709)) } 1 .. $rows);
    return {n => $n, rows => $rows, bytes => $bytes, at => 'nothing', offset => 0,
        imeis => [map { imei($n * 1000 + $_, 35267709) } 1, int($rows / 2), $rows]};
}

sub wish { my ($f) = @_; return {kind => 'import', document => 'KZ-55301/1', upload => $f->{id}} }
sub post { my ($who, $path, $body, @more) = @_; return $p->ask('POST', "/api/v1/$path", $body, $who, @more) }

# What comes next: (its name, code that asks for it). What the register does by itself is looked for.
sub next_act {
    my ($f) = @_;
    my $id = $f->{id} // '';
    my $number = $f->{number} // '';
    return (begin => sub { post($firm, 'uploads', {name => "file-$f->{n}.csv", bytes => length $f->{bytes}}, 'Idempotency-Key' => "begin-$f->{n}") })
      if $f->{at} eq 'nothing';
    if ($f->{at} eq 'begun' && $f->{offset} < length $f->{bytes}) {
        my $piece = substr $f->{bytes}, $f->{offset}, 1 + int rand 9000;
        return (piece => sub { $b->piece($id, $f->{offset}, $piece) }, length $piece);
    }
    return (check => sub { $b->finish($id, sha256_hex($f->{bytes})) }) if $f->{at} eq 'begun';
    return (file => sub { post($firm, 'applications', wish($f), 'Idempotency-Key' => "file-$f->{n}") }) if $f->{at} eq 'ready';
    return (claim => sub { post($officer[0], "desk/$number/claim", {}) }) if $f->{at} eq 'filed' && !$f->{claimed};
    return (decide => sub { post($officer[0], "desk/$number/decide", {approve => JSON::PP::true, note => ''}) }) if $f->{at} eq 'filed';
    return (confirm => sub { post($officer[1], "desk/$number/confirm", {}) }) if $f->{at} eq 'proposed';
    return;
}

# It was acknowledged: what is known then.
sub acknowledged {
    my ($f, $act, $json) = @_;
    $f->{id} = $json->{id}, $f->{at} = 'begun' if $act eq 'begin';
    $f->{offset} = $json->{offset} if $act eq 'piece';
    $f->{at} = 'checking' if $act eq 'check';
    $f->{number} = $json->{number}, $f->{at} = 'filed' if $act eq 'file';
    $f->{claimed} = 1 if $act eq 'claim';
    $f->{at} = 'proposed' if $act eq 'decide';
    $f->{at} = 'deciding' if $act eq 'confirm';
    return;
}

# Where it stands in truth, by its API. undef: it cannot be told.
sub truth {
    my ($f) = @_;
    if ($f->{number}) {
        my ($status, $a) = $p->ask('GET', "/api/v1/desk/$f->{number}", undef, $officer[0]);
        return unless $status == 200;
        $f->{ready_for_desk} = $a->{checked};
        return $a->{state} eq 'checking' ? $a->{file}{proposed} ? 'proposed' : 'filed' : $a->{state};
    }
    return 'nothing' unless $f->{id};
    my ($status, $u) = $p->ask('GET', "/api/v1/uploads/$f->{id}", undef, $firm);
    return unless $status == 200;
    $f->{number} = $u->{application} if $u->{application};
    $f->{stands} = $u->{offset};
    $f->{seen} = $u;
    return $f->{number} ? truth($f) : {receiving => 'begun', checking => 'checking', ready => 'ready', filed => 'filed'}->{$u->{state}};
}

# ---- one round, in a process of its own that tells what was acknowledged ----

my @trouble;

sub act_away {
    my $tell = sub { print JSON::PP->new->encode([@_]), "\n" };
    while (1) {
        my $f = $flow[rand @flow];
        my ($act, $ask, $n) = next_act($f);
        if (!$act || ($act eq 'claim' && !$f->{ready_for_desk})) { # the register is at it
            my $at = truth($f) or last;
            $f->{at} = $at if $place{$at} > $place{$f->{at}};
            next;
        }
        $tell->('?', $f->{n}, $act, $n // 0);
        my ($status, $json) = $ask->();
        last unless $status;
        if ($status >= 300) {
            $tell->('!', $f->{n}, "$act: $status " . ($json->{reason} // ''));
            last;
        }
        acknowledged($f, $act, $json);
        $tell->('=', $f->{n}, $act, {map { $_ => $json->{$_} } qw(id number offset)});
    }
    return;
}

sub read_back {
    my ($lines) = @_;
    my %of = map { $_->{n} => $_ } @flow;
    for (split /\n/, $lines) {
        my ($mark, $n, $act, $more) = @{json($_)};
        my $f = $of{$n};
        delete $f->{sent};
        $f->{sent} = $act, $f->{most} = $f->{offset} + $more if $mark eq '?';
        push @trouble, "file $n: $act" if $mark eq '!';
        acknowledged($f, $act, $more) if $mark eq '=';
    }
    return;
}

# ---- after the next start ----

my ($looks, $wrong) = (0, 0);
my %killed_in;

sub wrong_is { my ($f, $what) = @_; diag "file $f->{n} ($f->{at}" . ($f->{sent} ? ", $f->{sent} was sent" : '') . "): $what"; $wrong++; return }

sub phones { # reasons of some of its phones
    my ($f) = @_;
    return join ' ', map { ($p->ask('GET', "/api/v1/check/$_"))[1]{reason} // '?' } @{$f->{imeis}};
}

sub look_at {
    my ($f) = @_;
    my $sent = delete $f->{sent};
    my $most = $sent && $place{$reach{$sent}} > $place{$f->{at}} ? $reach{$sent} : $f->{at};
    $most = {checking => 'ready', deciding => 'approved'}->{$most} // $most; # goes on by itself
    $killed_in{$sent // $f->{at}}++;
    # Begun, and never heard of: sent again it is the same file.
    if ($sent && $sent eq 'begin') {
        my (undef, $ask) = next_act($f);
        my ($status, $u) = $ask->();
        return wrong_is($f, "begun again: $status") unless $status == 200 || $status == 201;
        acknowledged($f, 'begin', $u);
    }
    my $at = truth($f) // 'none';
    $looks++;
    return wrong_is($f, "stands at $at") unless exists $place{$at} && $place{$at} >= $place{$f->{at}} && $place{$at} <= $place{$most};
    if ($at eq 'begun') {
        my ($stands, $may) = ($f->{stands}, $sent && $sent eq 'piece' ? $f->{most} : $f->{offset});
        return wrong_is($f, "$stands bytes stand of $f->{offset} to $may") unless $stands == $f->{offset} || $stands == $may;
        $f->{offset} = $stands;
    }
    return wrong_is($f, 'its rows are others') if $at eq 'ready' && "@{$f->{seen}}{qw(rows bad devices imeis)}" ne "$f->{rows} 0 $f->{rows} $f->{rows}";
    $f->{at} = $at;
    return if $at eq 'deciding' || ($at eq 'proposed' && $sent && $sent eq 'confirm');
    my $want = $at eq 'approved' ? 'VERIFIED' : 'NEVER_ACTIVATED';
    my $seen;
    Register::poll(10, sub { $seen = phones($f); return $seen eq "$want $want $want" }); # the index follows within a moment
    return wrong_is($f, "at $at its phones are $seen") unless $seen eq "$want $want $want";
    return;
}

my @done;
for my $round (1 .. $rounds) {
    push @flow, new_flow() while @flow < 3;
    my $pid = open my $child, '-|';
    die "fork: $!" unless defined $pid;
    srand($seed + $round);
    if (!$pid) {
        $| = 1;
        act_away();
        require POSIX;
        POSIX::_exit(0);
    }
    sleep 0.002 + rand(rand() < 0.2 ? 1.5 : 0.3); # now and then long enough for what goes on by itself
    kill 'KILL', $p->{server}{pid};
    Register::wait_for($p->{server}{pid}, 20);
    read_back(do { local $/; <$child> } // '');
    close $child;
    $p->serve;
    look_at($_) for @flow;
    last if $wrong || @trouble;
    push @done, grep { $_->{at} eq 'approved' } @flow;
    @flow = grep { $_->{at} ne 'approved' } @flow;
}
is $wrong, 0, "$rounds kills: each file and application stands where it was acknowledged ($looks looks)";
is "@trouble", '', 'no act was refused';

# ---- to the end ----

for my $f (@flow) {
    my $ended = Register::poll(60, sub {
        my $at = truth($f) // return;
        $f->{at} = $at;
        $f->{offset} = $f->{stands} if $at eq 'begun';
        my ($act, $ask) = next_act($f);
        return $at eq 'approved' unless $act;
        return if $act eq 'claim' && !$f->{ready_for_desk};
        my ($status, $json) = $ask->();
        acknowledged($f, $act, $json) if $status < 300;
        return;
    });
    ok $ended, "file $f->{n} goes to its end" or diag $f->{at};
    push @done, $f;
}
my %times = map { $_->{number} => 0 } @done;
my ($after, @listed) = ('');
do {
    my (undef, $json) = $p->ask('GET', "/api/v1/applications?after=$after", undef, $firm);
    push @listed, map { $_->{number} } @{$json->{applications}};
    $after = $json->{next};
} while $after;
is_deeply [sort @listed], [sort keys %times], 'each file became one application';
kill 'TERM', $p->{server}{pid};
Register::wait_for($p->{server}{pid}, 20);
ok $r->whole, 'chain and facts agree';
is scalar(grep { $_ ne 'white VERIFIED' } map { $r->lists(@{$_->{imeis}}) } @done), 0, 'their phones are white';
my %given;
for (map { json($_) } grep { /"change":"verified"/ } split /\n/, $r->run('--json', 'journal', 'show')->{out}) {
    $given{$_->{imei}}++;
}
is scalar(grep { $_ != 1 } values %given), 0, 'each phone was entered once';
my $all = 0;
$all += $_->{rows} for @done;
is scalar(keys %given), $all, '... and all of them';
ok $killed_in{$_}, "some were killed at: $_" for $rounds < 200 ? () : qw(begin piece check checking file claim decide confirm deciding);
note 'killed while: ', join ', ', map { "$_ $killed_in{$_}" } sort keys %killed_in;
done_testing;
