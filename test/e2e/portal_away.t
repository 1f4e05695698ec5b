#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# portal_away - the database goes away under people who are signed in: checks go on as fast as before, who is
# signed in is told at once to come again, nobody's waiting holds the threads of the door, and it is over a
# second or two after the database is back. The same with a writer's place that somebody holds.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use People;
use Register;
use Test::More;
use Time::HiRes qw(time sleep);

use constant {THREADS => 4, ASKERS => 12};

# Asks several at once; each answer as [status, seconds, head].
sub at_once {
    my ($server, @requests) = @_;
    my @pipes = map {
        my $request = $_;
        pipe(my $from, my $to) or die;
        my $pid = fork // die;
        if (!$pid) {
            close $from;
            my $began = time;
            my ($status, undef, $head) = Register::http($server, @$request);
            my ($retry) = ($head // '') =~ /^Retry-After: (\d+)/mi;
            print $to join ' ', $status, sprintf('%.3f', time - $began), $retry // 0;
            close $to;
            POSIX::_exit(0);
        }
        close $to;
        [$pid, $from];
    } @requests;
    return map { my ($pid, $from) = @$_; my $line = <$from> // '0 99 0'; close $from; waitpid $pid, 0; [split / /, $line] } @pipes;
}

sub slowest { my $s = 0; for (@_) { $s = $_->[1] if $_->[1] > $s } return $s }
sub count { my ($status, @answers) = @_; return scalar grep { $_->[0] == $status } @answers }

sub world {
    my ($r) = @_;
    people_of($r);
    staff('erlan', 'officer');
    staff('dana', 'officer');
    $r->settings("[portal]\nopen = yes\n", "[limits]\n", map { "${_}_rate = 0\n" } qw(address person public));
    my $server = $r->serve('--threads', THREADS);
    people_server($server);
    my $who = enter_staff('erlan');
    is $who->{status}, 200, 'an officer is signed in';
    my %with = (Cookie => "tamga=$who->{token}", 'X-Tamga-CSRF' => $who->{csrf}, 'Content-Type' => 'application/json');
    return ($server, ['GET', '/api/v1/me', \%with], \%with, $who);
}
my $check = ['GET', '/api/v1/check/' . imei(1)];

# ---- somebody holds the writer's place ----

{
    my $r = Register->new(backend => 'sqlite');
    my ($server, $me, $with, $who) = world($r);
    my $writes = ['POST', '/api/v1/sign-out', $with, '{}'];
    open my $sql, '|-', 'sqlite3', '-bail', $r->db or die;
    $sql->autoflush(1);
    print $sql "BEGIN IMMEDIATE;\n";
    sleep 0.3;
    my @answers = at_once($server, ($writes) x 6, ($check) x 8);
    my @checks = splice @answers, 6; # those that write wait, or hear 503: aside.t
    is count(200, @checks), 8, 'a held place: checks are answered';
    print $sql "ROLLBACK;\n";
    close $sql;
    ok Register::poll(8, sub { (at_once($server, $me))[0][0] =~ /^(200|401)$/ }), 'it is over when the place is free';
    Register::stop($server->{pid});
}

# ---- the database is away ----

SKIP: {
    skip 'without drills', 11 if ($ENV{TAMGA_DRILLS} // '') eq 'no';
    my $dir = Register::cluster_dir();
    my $url = Register::cluster($dir, 'start', 'a');
    Register::psql('postgres', 'CREATE DATABASE tamga', $url);
    my $r = Register->new(backend => 'sqlite');
    $r->{url} = "$url/tamga";
    $r->{key} = "$dir/tamga.key";
    my ($server, $me) = world($r);
    Register::cluster($dir, 'stop', 'a');
    my @first = at_once($server, ($me) x ASKERS);
    is count(503, @first), ASKERS, 'away: all who are signed in hear it';
    cmp_ok slowest(@first), '<', 4, '... the first after waiting a little';
    my @answers = at_once($server, map { ($me, $check) } 1 .. ASKERS);
    is count(503, @answers), ASKERS, 'then all at once';
    is count(200, @answers), ASKERS, 'checks are answered';
    my $began = time;
    at_once($server, $me) for 1 .. 10;
    cmp_ok time - $began, '<', 5, 'and nobody waits for the database: ten in a row would wait ten seconds';
    is scalar(grep { $_->[0] == 503 && $_->[2] > 0 } @answers), ASKERS, 'they hear when to come again';
    my $log = Register::slurp("$r->{dir}/serve.err");
    like $log, qr/event=failure method=GET route=\/api\/v1\/me status=503 detail="[^"]+"/, 'the log says why';
    Register::cluster($dir, 'again', 'a');
    ok Register::poll(10, sub { (at_once($server, $me))[0][0] == 200 }), 'it is back, and so are they';
    is count(200, at_once($server, ($me) x 3)), 3, '... all of them';
    Register::stop($server->{pid});
}
done_testing;
