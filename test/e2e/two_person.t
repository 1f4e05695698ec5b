#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# two_person - nobody white-lists in bulk, lifts a block or changes a rule alone, once there are two
# staff accounts. What waits changes nothing; another person confirms it; what happened between
# proposal and confirmation counts as well.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Register;
use Test::More;

my $r = Register->new(now => '2026-03-01T07:00:00Z');

sub as {
    my ($name, @words) = @_;
    my $got = $r->actor($name)->run(@words);
    $r->actor(undef);
    return $got;
}

# Runs as somebody, expects that it waits: the number of the proposal.
sub waits {
    my ($what, $name, @words) = @_;
    my $before = $r->whole;
    my $got = as($name, @words);
    is $got->{code}, 3, "$what waits" or diag "$got->{out}$got->{err}";
    my ($id) = $got->{out} =~ /^proposal (\d+): \d+ changes wait for a second person$/m;
    ok $id, 'with a number';
    my $after = $r->whole;
    is $after->{items}, $before->{items} + 1, 'the journal says who proposed, no more';
    is $after->{facts}, $before->{facts}, 'and no fact moved';
    return $id;
}

sub refused {
    my ($what, $error, $got) = @_;
    is $got->{code}, 2, $what;
    like $got->{err}, qr/^tamga: .*\b$error\b/, "$error" or diag $got->{out};
}

sub file_of { my ($name, @n) = @_; return $r->file($name, lines('imei1', map { imei($_) } @n)) }

my @by = ('--kind', 'import', '--by', '030540003215');
my @stolen = ('--mark', 'stolen', '--by', 'police', '--order', '1');

# --- one alone decides; the second account turns the rule on ---

like as(undef, 'user', 'add', 'aigul')->{out}, qr/two persons decide: no/, 'one account';
is as('aigul', 'import', 'verified', @by, file_of('one.csv', 1))->{code}, 0, 'one alone decides';
like as(undef, 'user', 'add', 'bolat')->{out}, qr/two persons decide: yes/, 'two accounts';
is join(' ', sort split /\n/, as(undef, 'user', 'list')->{out}), 'aigul bolat', 'both';

# --- white-listing in bulk ---

my $file = file_of('two.csv', 2, 3);
refused('nobody in particular cannot propose', 'ACTOR', as(undef, 'import', 'verified', @by, $file));
refused('nor can a stranger', 'ACTOR', as('stranger', 'import', 'verified', @by, $file));
my $id = waits('import verified', 'aigul', 'import', 'verified', @by, $file);
is_deeply [$r->lists(imei(2))], ['unknown NEVER_ACTIVATED'], 'the device is not white yet';
like as(undef, 'proposals')->{out},
  qr/^$id  2026-03-01T07:00:00Z  by aigul  verified  2 changes  import verified --kind import \S*two\.csv$/m,
  'it is listed with who and what';
refused('the same person', 'SAME_PERSON', as('aigul', 'confirm', $id));
refused('a stranger', 'ACTOR', as('stranger', 'confirm', $id));
refused('nobody', 'ACTOR', as(undef, 'confirm', $id));
refused('another number', 'NO_PROPOSAL', as('bolat', 'confirm', $id + 100));
is_deeply [$r->lists(imei(2))], ['unknown NEVER_ACTIVATED'], 'still not white';
like as('bolat', 'confirm', $id)->{out}, qr/2 rows written, 2 white VERIFIED/, 'another person';
is_deeply [$r->lists(imei(2), imei(3))], [('white VERIFIED') x 2], 'now it is';
refused('once only', 'NO_PROPOSAL', as('bolat', 'confirm', $id));
is as(undef, 'proposals')->{out}, '', 'none waits';
is as('aigul', 'import', 'verified', @by, $file)->{code}, 0, 'the same file again has no effect';

$id = waits('import amnesty', 'bolat', 'import', 'amnesty', $r->file('a.txt', lines(imei(4))));
is as('aigul', 'reject', $id)->{code}, 0, 'rejected';
refused('and gone', 'NO_PROPOSAL', as('aigul', 'confirm', $id));
is_deeply [$r->lists(imei(4))], ['unknown NEVER_ACTIVATED'], 'nothing came of it';
$id = waits('the rejected file again', 'bolat', 'import', 'amnesty', $r->path('a.txt'));
is as('aigul', 'confirm', $id)->{code}, 0, 'confirmed this time';
is_deeply [$r->lists(imei(4))], ['white AMNESTY'], 'white';

# --- marks ---

is as('aigul', 'suspend', @stolen, imei(5), imei(6))->{code}, 0, 'suspending never waits';
is_deeply [$r->lists(imei(5))], ['black STOLEN'], 'it stands at once';
refused('a lifting that could never be', 'NOT_SETTER', as('aigul', 'resume', '--mark', 'stolen',
    '--by', 'court', '--order', '2', imei(5)));
$id = waits('resume', 'aigul', 'resume', @stolen, imei(5));
is_deeply [$r->lists(imei(5))], ['black STOLEN'], 'still black';
refused('resume: the same person', 'SAME_PERSON', as('aigul', 'confirm', $id));
is as('bolat', 'confirm', $id)->{code}, 0, 'resume: another person';
is_deeply [$r->lists(imei(5), imei(6))], ['unknown NEVER_ACTIVATED', 'black STOLEN'], 'lifted';

# --- GSMA's list: adding does not wait, clearing does ---

is as('aigul', 'import', 'gsma', $r->file('g.txt', lines(imei(7), imei(8))))->{code}, 0, 'a first set';
$id = waits('a set that clears', 'aigul', 'import', 'gsma', $r->file('g2.txt', lines(imei(8))));
is_deeply [$r->lists(imei(7))], ['black GSMA'], 'not cleared yet';
is as('bolat', 'confirm', $id)->{code}, 0, 'confirmed';
is_deeply [$r->lists(imei(7), imei(8))], ['unknown NEVER_ACTIVATED', 'black GSMA'], 'cleared';

# --- rules ---

$id = waits('rules set', 'aigul', 'rules', 'set', 'grace_days=40');
like as(undef, 'proposals')->{out}, qr/rules set grace_days=40$/m, 'listed';
is json(as(undef, '--json', 'rules', 'show')->{out})->{grace_days}, '30', 'not in force';
refused('rules set: the same person', 'SAME_PERSON', as('aigul', 'confirm', $id));
is as('bolat', 'confirm', $id)->{code}, 0, 'rules set: another person';
is json(as(undef, '--json', 'rules', 'show')->{out})->{grace_days}, '40', 'in force';
is as('aigul', 'rules', 'set', 'expiry_release=manual')->{code}, 0, 'one person may hold expiry';
is json(as(undef, '--json', 'rules', 'show')->{out})->{expiry_release}, 'manual', 'held';
$id = waits('letting it go', 'aigul', 'rules', 'set', 'expiry_release=auto');
my $late = waits('another rule beside it', 'aigul', 'rules', 'set', 'grace_days=50');
waits('holding with something more', 'aigul', 'rules', 'set', 'expiry_release=manual', 'grace_days=7');
is as('bolat', 'confirm', $id)->{code}, 0, 'two let it go';
my $stale = as('bolat', 'confirm', $late);
is $stale->{code}, 3, 'a set prepared under other rules is not carried out';
like $stale->{err}, qr/HELD: the rules changed meanwhile/, 'and says so';
my $set = json(as(undef, '--json', 'rules', 'show')->{out});
is "$set->{expiry_release} $set->{grace_days}", 'auto 40', 'nothing is lost';

# --- what happens between proposal and confirmation ---

sub seen {
    my ($day, @n) = @_;
    my $file = $r->file("seen-$day-$n[0].csv", lines('date,imei,imsi',
        map { "$day," . imei($_) . ',401010000000001' } @n));
    is as('aigul', 'feed', 'load', '--operator', 'alpha', '--accept', 'notice', '--reason', 'drill',
        $file)->{code}, 0, "seen on $day";
}
seen('2026-02-20', 20);
$id = waits('a shorter term', 'aigul', 'rules', 'set', 'grace_days=20');
seen('2026-02-25', 21);
is as('aigul', 'suspend', @stolen, imei(22))->{code}, 0, 'a mark comes between';
is as('bolat', 'confirm', $id)->{code}, 0, 'confirmed';
is_deeply [map { $_->{deadline} } $r->check(imei(20), imei(21))], ['2026-03-12', '2026-03-17'],
  'the rule holds for all';
my $early = $r->file('early.csv', lines('date,imei,imsi', '2025-03-01,' . imei(30) . ',401010000000001',
        '2026-02-20,12ab,401010000000001'));
$id = waits('a row from before the duty', 'aigul', 'feed', 'load', '--operator', 'alpha', '--accept',
    'nulls', '--reason', 'drill', $early);
is $r->sql('SELECT count(*) FROM finding'), 0, 'nothing of the file is kept yet';
is as('bolat', 'confirm', $id)->{code}, 0, 'confirmed';
is_deeply [$r->lists(imei(30))], ['white AMNESTY'], 'it is white';
my $raw = $r->{database} ? "encode(raw, 'escape')" : 'raw';
is $r->sql("SELECT operator_name, kind, $raw, count FROM finding WHERE kind = 'imei'"), 'alpha|imei|12ab|1',
  'the row that could be no key is a finding';
is $r->sql("SELECT kind, operator_name, rows FROM load ORDER BY seq DESC LIMIT 1"), 'feed|alpha|2',
  'the file is known';
like as('aigul', 'feed', 'load', '--operator', 'alpha', $early)->{out}, qr/loaded before/, 'again: no effect';

my $server = $r->serve;
for my $n (1 .. 8, 20 .. 22, 30) {
    my ($told) = $r->check(imei($n));
    my (undef, $body) = Register::http($server, 'GET', '/api/v1/check/' . imei($n));
    my $heard = json($body);
    is_deeply [@$heard{qw(list public_reason deadline valid_through next)}],
      [@$told{qw(list public_reason deadline valid_through next)}],
      "shell and server agree on $n: $told->{reason}";
}
Register::stop($server->{pid});

# --- a list of models is what was proposed ---

my @lists = map { $r->file("tac$_.csv", lines('tac,name,name', "3573500$_,Maker,Model $_")) } 7, 8;
my ($one, $two) = map { waits("list $_", 'aigul', 'import', 'tac', '--complete', $lists[$_]) } 0, 1;
like as('bolat', 'proposals', $two)->{out}, qr/list of models, SHA-256 [0-9a-f]{64}/, 'a list is named by its hash';
is as('bolat', 'confirm', $one)->{code}, 0, 'the first of two lists is confirmed';
is +($r->check(imei(40, '35735007')))[0]{tac}{model}, 'Model 7', 'and is in force';
is +($r->check(imei(40, '35735008')))[0]{tac}, undef, 'the other is not';
ok $r->whole, 'whole';
is as('bolat', 'confirm', $two)->{code}, 3, 'the second was prepared under other rules';
is as('bolat', 'reject', $two)->{code}, 0, 'it is rejected';
$id = waits('once more', 'aigul', 'import', 'tac', '--complete', $lists[1]);
my $nought = $r->{database} ? "'\\x00'" : "x'00'";
$r->sql("UPDATE batch_part SET bytes = $nought WHERE batch = $id AND part = 4294967293");
my $altered = as('bolat', 'confirm', $id);
isnt $altered->{code}, 0, 'a list that was altered meanwhile is refused';
like $altered->{err}, qr/is not what was proposed: somebody altered it/, 'and why';
is as('bolat', 'reject', $id)->{code}, 0, 'it is rejected';

# --- declarations of customs: another loads the same rows ---

my @declared = ('declaration_no,declaration_date,declarant,goods_item,quantity', '55301/010126/0001234,2026-01-05,030540003215,1,20',
    '55301/010126/0001234,2026-01-05,030540003215,2,30');
sub declares { my ($name, @rows) = @_; return ($name, 'customs', 'load', $r->file('customs.csv', lines(@rows))) }
refused('customs load: nobody in particular', 'ACTOR', as(undef, (declares('', @declared))[1 .. 3]));
refused('... a stranger', 'ACTOR', as(declares('stranger', @declared)));
for (1 .. 2) {
    my $got = as(declares('aigul', @declared));
    is $got->{code}, 3, "aigul loads it, time $_: it waits";
    like $got->{err}, qr/HELD: 2 rows wait for a second person, who loads the same file/, '... and she is told for whom';
}
my $other = as(declares('bolat', @declared[0, 1], '55301/010126/0001234,2026-01-05,030540003215,2,3000'));
is $other->{code}, 3, 'other rows of another wait by themselves';
is as(declares('bolat', @declared[0, 2, 1]))->{out}, "2 rows, 2 new, 0 corrected\n", 'the same rows by another, in whichever order: loaded';
is as(declares('aigul', @declared))->{out}, "2 rows, 0 new, 0 corrected\n", 'what is known waits for nobody';
$r->now('2026-03-09T07:00:00Z');
is as(declares('aigul', @declared[0, 1], '55301/010126/0001234,2026-01-05,030540003215,2,3000'))->{code}, 3, 'after a week it is forgotten';
is as(declares('bolat', @declared[0, 1], '55301/010126/0001234,2026-01-05,030540003215,2,3000'))->{out}, "2 rows, 0 new, 1 corrected\n",
  '... so two load it anew';
my @told = as(undef, 'audit', 'show')->{out} =~ /(customs_\w+)/g;
is "@told", 'customs_proposed customs_proposed customs_load customs_proposed customs_load', 'the audit log tells of each';

# --- turned off by two ---

$id = waits('turning the rule off', 'aigul', 'rules', 'set', 'two_person=off');
is as('bolat', 'confirm', $id)->{code}, 0, 'takes two';
is as(undef, 'import', 'amnesty', $r->file('b.txt', lines(imei(30))))->{code}, 0, 'now one does';
is as(undef, 'rules', 'set', 'two_person=on')->{code}, 0, 'and one may turn it on';
waits('and so it waits again', 'bolat', 'import', 'amnesty', $r->file('c.txt', lines(imei(31))));
ok $r->whole, 'whole at the end';
done_testing;
