#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# moves - a register as a whole: moved between backends, killed in the middle of it and gone on with;
# backed up while others write; rebuilt from its journal.
use strict;
use warnings;
use File::Copy qw(copy);
use FindBin;
use lib $FindBin::Bin;
use Register;
use Test::More;
use Time::HiRes qw(time sleep);

use constant {LIST => 150_000, KILLS => 3};

srand(my $seed = $ENV{TAMGA_SEED} // time);
print "# seed TAMGA_SEED=$seed\n";

sub file_url { return "sqlite:$_[0]{dir}/tamga.db" }

# The digest that a command printed.
sub digest { return $_[0]{out} =~ /"digest":"([0-9a-f]{64})"/ ? $1 : "none: $_[0]{err}" }

# A register with something of everything.
my $r = Register->new(now => '2026-03-01T07:00:00Z', backend => 'sqlite');
my $list = $r->file('list.txt', map { imei($_, 86927100 + $_ % 7) . "\n" } 1 .. LIST);
my $feed = $r->file('feed.csv', lines('date,imei,imsi',
        (map { '2026-02-20,' . imei($_, '35920500') . ',401010000000001' } 1 .. 500), '2026-02-20,12ab,401010000000001'));
is $r->run('demo', 'create')->{code}, 0, 'samples: every list, pairs, models';
is $r->run('import', 'amnesty', $list)->{code}, 0, 'an amnesty';
is $r->run('feed', 'load', '--operator', 'alpha', $feed)->{code}, 0, 'a feed with a finding';
is $r->run('suspend', '--mark', 'stolen', '--by', 'Полиция', '--order', 1, '--reason', "себеп \xff", imei(5))->{code}, 0, 'a mark with a note';
is $r->run('user', 'add', $_)->{code} % 3, 0, "staff: $_" for 'aigul', 'bolat';
is $r->run('user', 'key', 'create', '--name', 'Базар', '--scope', 'check.batch')->{code}, 0, 'an API key';
is $r->actor('aigul')->run('rules', 'set', 'grace_days=20')->{code}, 3, 'a proposal that waits';
$r->actor(undef);
ok $r->whole, 'whole';

my ($facts, $proposals, $keys) = ($r->whole->{facts}, $r->run('proposals')->{out}, $r->run('user', 'key', 'list')->{out});
my @answers = $r->lists(map { imei($_) } 1 .. 10);

# ---- to PostgreSQL, killed again and again ----

my $pg = Register->new(now => '2026-03-01T07:00:00Z', backend => 'postgres');
my @move = ('db', 'move', '--from', file_url($r), '--to', $pg->{url});
# Waits until the target says that it is being filled, so far at least.
sub until_moving {
    my ($to, $least) = @_;
    poll(20, sub { $to->sql("SELECT to_regclass('tamga.journal_head') IS NOT NULL") eq 't' });
    return poll(20, sub { $to->sql("SELECT coalesce(max(moving), 0) >= $least FROM journal_head") eq 't' });
}

# One that had come to its end before it was looked at, on a machine with much else to do, is begun anew, from what was before.
my $before = $r->copy_of;
sub cut_short {
    my ($signal) = @_;
    for (1 .. 5) {
        my $pid = $r->start({tag => 'move'}, @move);
        my $begun = until_moving($pg, 1);
        sleep rand 0.1;
        return $begun if Register::stop($pid, $signal) != 0;
        $pg->sql('DROP SCHEMA tamga CASCADE');
        unlink glob "$r->{dir}/tamga.db-*";
        copy("$before->{dir}/tamga.db", "$r->{dir}/tamga.db") or die "tamga.db: $!";
    }
    return 0;
}

for my $n (1 .. KILLS) {
    ok cut_short($n % 2 ? 'KILL' : 'TERM'), "move $n has begun";
    $pg->{key} = "$r->{dir}/tamga.db.key";
    my $got = $pg->run('check', imei(1));
    is $got->{code}, 4, 'nobody opens half a register';
    like $got->{err}, qr/cut short/, 'and is told why';
}
my $named = "$pg->{dir}/register.key"; # TAMGA_KEY of the new one; the old one's is found beside it
my $moved = $r->run({prefix => ['env', "TAMGA_KEY=$named"]}, '--json', @move);
is $moved->{code}, 0, 'then it goes to its end' or diag $moved->{err};
$pg->{key} = $named;
my $whole = $pg->whole;
ok $whole, 'the register in PostgreSQL is whole';
is $whole->{facts}, $facts, 'with every fact';
is $pg->run('proposals')->{out}, $proposals, 'and what waits for a second person';
is $pg->run('user', 'key', 'list')->{out}, $keys, 'and the API keys';
is_deeply [$pg->lists(map { imei($_) } 1 .. 10)], \@answers, 'the same answers';
for my $words (['check', imei(1)], ['user', 'add', 'x'], [@move]) {
    my $got = $r->run(@$words);
    is $got->{code}, 4, "the old one is closed: @$words[0, 1]";
    like $got->{err}, qr/moved away/, 'and says why';
}

# Another register's key is noticed, whoever brings it.
my $other = Register->new(now => '2026-03-01T07:00:00Z', backend => 'sqlite');
is $other->run('user', 'add', 'x')->{code}, 0, 'another register';
my $stranger = $r->run('db', 'move', '--from', file_url($other), '--to', $pg->{url});
is $stranger->{code}, 4, 'another register is not moved into this one';
like $stranger->{err}, qr/another register/, 'and why';
$pg->{key} = "$other->{dir}/tamga.db.key";
like $pg->run('check', imei(1))->{err}, qr/STORE_KEY: .*key of another register/, 'a wrong key is noticed';
$pg->{key} = "$r->{dir}/none.key";
is $pg->run('check', imei(1))->{code}, 4, 'a missing one, too';
ok !-e $pg->{key}, 'and none is made for a register that stands';
$pg->{key} = "$r->{dir}/tamga.db.key";

# ---- and back ----

is $pg->run('suspend', '--mark', 'lost', '--by', 'police', '--order', 2, imei(6))->{code}, 0, 'it goes on there';
my $back = Register->new(now => '2026-03-01T07:00:00Z', backend => 'sqlite');
my $home = $pg->run('--json', 'db', 'move', '--from', $pg->{url}, '--to', file_url($back));
is $home->{code}, 0, 'moved back' or diag $home->{err};
ok $back->whole, 'whole, with the key beside it';
is $back->run('suspend', '--mark', 'lost', '--by', 'police', '--order', 3, imei(7))->{code}, 0, 'and goes on';

# The source was written between two tries: the second brings what is new.
my $late = Register->new(now => '2026-03-01T07:00:00Z', backend => 'postgres');
$late->{key} = "$back->{dir}/tamga.db.key";
my $pid = $back->start({tag => 'move'}, 'db', 'move', '--from', file_url($back), '--to', $late->{url});
until_moving($late, 2);
Register::stop($pid, 'KILL');
is $back->run('suspend', '--mark', 'stolen', '--by', 'police', '--order', 9, imei(1, 86927101))->{code}, 0,
  'a write between two tries, to a row that was brought already';
is $back->run('db', 'move', '--from', file_url($back), '--to', $late->{url})->{code}, 0, 'the second try';
is_deeply [$late->lists(imei(1, 86927101))], ['black STOLEN'], 'brings it';
ok $late->whole, 'and the register is whole';

# Who waits for his turn while the register is moved away is refused, not told "done".
my $gone = $late->copy_of;
$gone->{key} = $late->{key};
my $to = Register->new(now => '2026-03-01T07:00:00Z', backend => 'postgres');
my $mover = $gone->start({tag => 'move'}, 'db', 'move', '--from', $gone->{url}, '--to', $to->{url});
until_moving($to, 2);
my $late_one = $gone->run({tag => 'waits'}, 'suspend', '--mark', 'stolen', '--by', 'police', '--order', 11, imei(2, 86927102));
is Register::wait_for($mover, 60), 0, 'moved' or diag slurp($gone->path('move.err'));
is $late_one->{code}, 4, 'who waited is refused';
like $late_one->{err}, qr/moved away/, 'and told why';
$to->{key} = $gone->{key};
is_deeply [$to->lists(imei(2, 86927102))], ['white AMNESTY'], 'nothing was written anywhere';

# What was brought is a register only when it is equal: here the old one's facts changed without the journal.
my $bent = $to->copy_of;
$bent->{key} = $to->{key};
my $never = Register->new(now => '2026-03-01T07:00:00Z', backend => 'postgres');
$never->{key} = $to->{key};
$mover = $bent->start({tag => 'move'}, 'db', 'move', '--from', $bent->{url}, '--to', $never->{url});
until_moving($never, 2);
Register::stop($mover, 'KILL');
$_->disconnect for $bent, $never;
$bent->sql('UPDATE facts SET due = 20000 WHERE imei = (SELECT min(imei) FROM facts)');
my $unequal = $bent->run('db', 'move', '--from', $bent->{url}, '--to', $never->{url});
is $unequal->{code}, 4, 'a copy that differs is no register';
like $unequal->{err}, qr/differ in their facts/, 'it says in what';
like $never->run('check', imei(1))->{err}, qr/cut short/, 'and is not opened';
is $bent->run('check', imei(3, 86927103))->{code}, 0, 'the old one goes on';

# The same register in a file again, out of a backup.
my $here = Register->new(now => '2026-03-01T07:00:00Z', backend => 'sqlite');
is $late->run('db', 'backup', "$here->{dir}/tamga.db")->{code}, 0, 'a backup is a register';
$here->{key} = $late->{key};

# ---- backups, while others write ----

for my $r ($here, $late) {
    my $busy = Register->new(dir => $r->{dir}, now => $r->{now}, backend => 'sqlite');
    @$busy{qw(url key backend)} = @$r{qw(url key backend)};
    my $writer = fork // die;
    if (!$writer) {
        for my $n (1 .. 1000) {
            last if -e "$r->{dir}/enough";
            $busy->run({tag => 'busy'}, 'suspend', '--mark', 'order', '--by', 'court', '--order', $n, imei(1000 + $n));
        }
        POSIX::_exit(0);
    }
    sleep 0.3;
    my $file = "$r->{dir}/backup.db";
    my $got = $r->run({tag => 'backup'}, '--json', 'db', 'backup', $file);
    spew("$r->{dir}/enough", '');
    waitpid $writer, 0;
    is $got->{code}, 0, "$r->{backend}: a backup while others write" or diag $got->{err};
    my $copy = Register->new(now => '2026-03-01T07:00:00Z', backend => 'sqlite');
    rename $file, "$copy->{dir}/tamga.db" or die;
    ok !glob("$file*"), 'nothing else is left there';
    $copy->{key} = $r->{key} // "$r->{dir}/tamga.db.key";
    my ($then, $now) = ($copy->whole, $r->whole);
    ok $then, 'it is a register, and whole';
    cmp_ok $then->{items}, '<', $now->{items}, 'of a moment before the last writes';
    is $r->run('db', 'backup', $r->file('there.db', 'x'))->{code}, 2, 'it replaces no file';
}

# ---- rebuilt ----

my $known = imei(20, 86927100 + 20 % 7); # of the amnesty
sub reason { return json((Register::http($_[0], 'GET', "/api/v1/check/$_[1]"))[1])->{reason} }

my %drop = (
    sqlite => ['DELETE FROM facts WHERE imei % 3 = 0', 'UPDATE facts SET due = 20000 WHERE imei % 7 = 0',
        'INSERT INTO facts SELECT 35999999000000, due, row FROM facts LIMIT 1', 'DELETE FROM pair'],
    postgres => ['DELETE FROM facts WHERE imei % 3 = 0', 'UPDATE facts SET due = 20000 WHERE imei % 7 = 0',
        'INSERT INTO facts SELECT 35999999000000, due, facts_row FROM facts LIMIT 1', 'DELETE FROM pair'],
);
for my $r ($here, $late) {
    is $r->run('clones')->{code}, 0, 'a look for clones, as a server takes each night';
    my $before = digest($r->run('--json', 'db', 'backup', "$r->{dir}/before.db"));
    like $before, qr/^[0-9a-f]{64}$/, "$r->{backend}: before";
    $r->sql($_) for @{$drop{$r->{backend}}};
    is $r->run('db', 'check')->{code}, 4, 'facts are damaged' or diag $r->run('db', 'check')->{err};
    my $got = $r->run('--json', 'db', 'rebuild');
    is $got->{code}, 0, 'rebuilt' or diag $got->{err};
    is json($got->{out})->{dropped}, 1, 'what no row made is gone';
    is digest($r->run('--json', 'db', 'backup', "$r->{dir}/after.db")), $before, 'all is as it was';
    $r->sql('DELETE FROM facts');
    my $server = $r->serve; # it starts from what is wrong
    isnt reason($server, $known), 'AMNESTY', 'a server does not know the IMEI';
    is $r->run('db', 'rebuild')->{code}, 0, 'from nothing but the journal';
    ok poll(3, sub { reason($server, $known) eq 'AMNESTY' }), 'the server that runs has seen it';
    Register::stop($server->{pid});
    is digest($r->run('--json', 'db', 'backup', "$r->{dir}/again.db")), $before, 'the same again';
    $got = $r->run('--json', 'db', 'rebuild');
    is $got->{code} || json($got->{out})->{written}, 0, 'what is right is left alone' or diag $got->{err};
    $r->sql('UPDATE journal_block SET body = prev_hash WHERE first_seq = (SELECT max(first_seq) FROM journal_block)');
    is $r->run('db', 'rebuild')->{code}, 4, 'a damaged journal rebuilds nothing';
}
done_testing;
