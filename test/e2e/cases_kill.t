#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# cases_kill - `serve` is killed (SIGKILL) at random moments while people file, take back, bring papers and
# appeal, and officers claim, ask and decide. After the next start each application is in exactly one state, what
# was acknowledged stands, and its phones are as that state says: white when it was approved, held while it is
# open, neither otherwise. At the end facts and journal agree, and the queue holds just what is open.
#
# TAMGA_KILL_ROUNDS=40 kills; TAMGA_SEED repeats a run (of the same speed).
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use JSON::PP;
use Portal;
use Register;
use Test::More;
use Time::HiRes qw(sleep time);

my $rounds = $ENV{TAMGA_KILL_ROUNDS} // 40;
my $seed = int($ENV{TAMGA_SEED} // time);
srand $seed;
print "# seed TAMGA_SEED=$seed TAMGA_KILL_ROUNDS=$rounds\n";

my $r = Register->new;
my $p = Portal->new($r);
$p->person('aigul', 'АХМЕТОВА АЙГҮЛ', '8501013');
$p->person('bolat', 'БЕКОВ БОЛАТ', '9006154');
$p->staff($_, 'officer') for 'erlan', 'dana';
$p->serve;
my @person = map { $p->enter($_) } 'aigul', 'bolat';
my @officer = map { $p->enter_staff($_) } 'erlan', 'dana';
is scalar(grep { $_->{status} == 200 } @person, @officer), 4, 'two people and two officers are signed in'
  or BAIL_OUT('no sessions');

# ---- the acts of one round, in a process of its own that tells what was acknowledged ----

my $next = 0; # phone

# Their acts are random; each line: number, state. An act that was sent and not answered leaves "?" before it.
sub act_away {
    my ($from, $open) = @_;
    my $phone = $from;
    my @mine = @$open;
    my $tell = sub { print "@_\n" };
    while (1) {
        my $i = int rand 2;
        if (!@mine || rand() < 0.4) {
            $phone++;
            # Carried ones are settled by the register itself; the others wait for an officer.
            my $rule = rand() < 0.5;
            $tell->('?', 'new', $phone, $i);
            my ($status, $json) = $p->ask('POST', '/api/v1/applications', {kind => $rule ? 'personal' : 'before_duty',
                    $rule ? (way => 'carried', entered => '2026-01-10') : (), devices => [{imeis => [imei($phone)]}]},
                $person[$i], 'Idempotency-Key' => "phone-$phone");
            last unless $status;
            $tell->('=', $json->{number}, $json->{state}, $phone, $i) if $status == 201;
            push @mine, {number => $json->{number}, who => $i} if $status == 201 && !$rule;
            next;
        }
        my $one = $mine[rand @mine];
        my ($who, $number) = ($person[$one->{who}], $one->{number});
        my $officer = $officer[rand 2];
        my @all = (['withdraw', $who, '/api/v1/applications', {}], ['appeal', $who, '/api/v1/applications', {note => 'чек'}],
            ['answer', $who, '/api/v1/applications', {note => 'вот'}], ['claim', $officer, '/api/v1/desk', {}],
            ['ask', $officer, '/api/v1/desk', {note => 'чек?'}],
            ['decide', $officer, '/api/v1/desk', {decisions => [rand() < 0.5 ? {approve => JSON::PP::true} : {refusal => 'NO_PROOF_BEFORE_DUTY'}], note => ''}]);
        my ($verb, $by, $at, $body) = @{$all[rand() < 0.5 ? 3 + rand 3 : rand @all]};
        $tell->('?', $verb, $number);
        my ($status, $json) = $p->ask('POST', "$at/$number/$verb", $body, $by);
        last unless $status;
        $tell->('=', $number, $json->{state}) if $status == 200;
        $tell->('!', $number, $verb) if $status >= 500;
    }
    return;
}

my (%told, %phone, %owner, %unsure, @trouble);

sub read_back {
    my ($lines) = @_;
    my $sent;
    for (split /\n/, $lines) {
        my ($mark, @f) = split / /;
        $sent = \@f if $mark eq '?';
        push @trouble, $_ if $mark eq '!';
        next unless $mark eq '=';
        undef $sent;
        $told{$f[0]} = $f[1];
        @phone{$f[0]} = $f[2], $owner{$f[0]} = $f[3] if @f > 2;
    }
    # Sent, and killed before the answer: done or not.
    return unless $sent;
    $unsure{$sent->[1]} = 1 if $sent->[0] ne 'new';
    $p->{lost} = $sent if $sent->[0] eq 'new';
    return;
}

# Each state that may follow what was acknowledged, when one more act may have been done, or the register's own.
my %after = (
    checking     => {map { $_ => 1 } qw(checking approved)},
    papers_asked => {papers_asked => 1},
    approved     => {approved => 1},
    refused      => {refused => 1},
    withdrawn    => {withdrawn => 1},
    closed       => {closed => 1},
);

my ($checked, $wrong) = (0, 0);

sub phones_are_as_it_says {
    my ($number, $state) = @_;
    my ($status, $json) = $p->ask('GET', '/api/v1/check/' . imei($phone{$number}));
    my $want = $state eq 'approved' ? '(VERIFIED|BEFORE_DUTY)' : 'NEVER_ACTIVATED';
    return 1 if $status == 200 && $json->{reason} =~ /^$want$/;
    $p->{seen} = "$number is $state, its phone is " . ($json->{reason} // $status);
    return 0;
}

sub look {
    my (@numbers) = @_;
    for my $number (@numbers) {
        my ($status, $json) = $p->ask('GET', "/api/v1/applications/$number", undef, $person[$owner{$number}]);
        my $state = $json->{state} // "status $status";
        my $good = $status == 200 && ($unsure{$number} || $after{$told{$number}}{$state});
        diag "$number was acknowledged as $told{$number} and is $state" unless $good;
        # The index follows the journal within a moment.
        my $agrees = $good && Register::poll(10, sub { phones_are_as_it_says($number, $state) });
        diag $p->{seen} if $good && !$agrees;
        $wrong += !($good && $agrees);
        $checked++;
        $told{$number} = $state;
        delete $unsure{$number};
    }
    return;
}

# What was sent and never answered: sent again under the same key it is made once.
sub send_again {
    my $lost = delete $p->{lost} or return;
    my (undef, $phone, $who) = @$lost;
    my ($status, $json) = $p->ask('POST', '/api/v1/applications', {kind => 'before_duty', devices => [{imeis => [imei($phone)]}]},
        $person[$who], 'Idempotency-Key' => "phone-$phone");
    # The first may have been of the other kind: then the key says so.
    return if $json->{reason} && $json->{reason} eq 'IDEMPOTENCY';
    $wrong += $status != 200 && $status != 201;
    diag "sent again: $status $json->{reason}" if $status != 200 && $status != 201;
    return unless $json->{number};
    $told{$json->{number}} = $json->{state};
    $phone{$json->{number}} = $phone;
    $owner{$json->{number}} = $who;
    return;
}

for my $round (1 .. $rounds) {
    my @open = map { {number => $_, who => $owner{$_}} } grep { !$after{$told{$_}}{closed} } sort keys %told;
    @open = @open[-12 .. -1] if @open > 12;
    my $from = $round * 1000;
    srand($seed + $round);
    my $pid = open my $child, '-|';
    die "fork: $!" unless defined $pid;
    if (!$pid) {
        $| = 1;
        act_away($from, \@open);
        require POSIX;
        POSIX::_exit(0);
    }
    sleep 0.005 + rand 0.25;
    kill 'KILL', $p->{server}{pid};
    Register::wait_for($p->{server}{pid}, 20);
    read_back(do { local $/; <$child> } // '');
    close $child;
    $p->serve;
    send_again();
    my %touched = map { $_ => 1 } (map { $_->{number} } @open), grep { $phone{$_} > $from } keys %told;
    look(sort keys %touched);
    last if $wrong;
}
is $wrong, 0, "$rounds kills: each application stands as it was acknowledged, its phones with it ($checked looks)";
is scalar @trouble, 0, 'no act met an error of ours' or diag join "\n", @trouble;

# ---- the whole ----

look(sort keys %told);
is $wrong, 0, 'all of them once more';
my (%queue, $after);
do {
    my (undef, $json) = $p->ask('GET', '/api/v1/desk' . ($after ? "?after=$after" : ''), undef, $officer[0]);
    $queue{$_->{number}}++ for @{$json->{queue}};
    $after = $json->{next};
} while $after;
my @open = grep { $told{$_} =~ /^(checking|papers_asked)$/ } keys %told;
is_deeply [sort grep { exists $told{$_} } keys %queue], [sort @open], 'the queue holds what is open, and nothing else';
is scalar(grep { $_ != 1 } values %queue), 0, '... once each';
kill 'TERM', $p->{server}{pid};
Register::wait_for($p->{server}{pid}, 20);
ok $r->whole, 'chain and facts agree';
my %count;
$count{$_}++ for values %told;
note join ', ', map { "$count{$_} $_" } sort keys %count;
ok $count{$_}, "some were $_" for $rounds < 200 ? () : qw(approved refused withdrawn); # few kills may see few acts
done_testing;
