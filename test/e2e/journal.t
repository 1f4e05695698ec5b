#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# journal - what `journal verify` and `db check` find when somebody with a hand on the file changes
# it: one bit of any column of the chain, a cut tail with a mended head, a facts row. Places are
# random, from a printed seed (TAMGA_SEED repeats one).
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Register;
use Test::More;

my $seed = $ENV{TAMGA_SEED} // time;
srand $seed;
print "# seed TAMGA_SEED=$seed\n";

my $r = Register->new(now => '2026-03-01T07:00:00Z');
is $r->run('demo', 'create')->{code}, 0, 'a register with everything in it';
$r->run('import', 'amnesty', $r->file('a.txt', lines(map { imei($_) } 1 .. 500)));
$r->run('suspend', '--mark', 'lost', '--by', 'police', '--order', '1', imei(1));
my $whole = $r->whole;
ok $whole, 'whole';
my $head = $whole->{head};
is $r->run('journal', 'verify', '--against', $head)->{code}, 0, 'its own head';
is $r->run('journal', 'verify', '--against', uc $head)->{code}, 0, 'in capitals';
$r->sql('PRAGMA wal_checkpoint(TRUNCATE)');

# A copy, changed by SQL: {verify, check}, the exit codes, and what was said.
sub changed {
    my ($sql, @verify) = @_;
    my $copy = $r->copy_of;
    $copy->sql($sql);
    my $verify = $copy->run('journal', 'verify', @verify);
    my $check = $copy->run('db', 'check');
    return {verify => $verify->{code}, check => $check->{code}, said => $verify->{err}, facts => $check->{err}};
}

# SQL that turns one random bit of a blob.
sub flip {
    my ($table, $column, $where) = @_;
    my $hex = $r->sql("SELECT hex($column) FROM $table WHERE $where");
    my $at = int rand length($hex) / 2;
    my $byte = hex(substr $hex, 2 * $at, 2) ^ (1 << int rand 8);
    substr($hex, 2 * $at, 2) = sprintf '%02X', $byte;
    return "UPDATE $table SET $column = x'$hex' WHERE $where";
}

# --- one bit, anywhere in the chain ---

my @blocks = split /\n/, $r->sql('SELECT first_seq FROM journal_block ORDER BY 1');
my ($paired) = split /\n/, $r->sql('SELECT first_seq FROM journal_block WHERE length(section)');
ok $paired, 'one block has a section';
my @some = ($blocks[0], $blocks[-1], $paired, map { $blocks[rand @blocks] } 1 .. 3);
for my $block (@some) {
    for my $column (qw(header prev_hash root hash body section)) {
        next if $column eq 'section' && $block != $paired;
        my $got = changed(flip('journal_block', $column, "first_seq = $block"));
        is "$got->{verify} $got->{check}", '4 4', "block $block: one bit of $column"
          or diag $got->{said};
        like $got->{said}, qr/CHAIN|CODEC/, 'the chain is named';
        like $got->{said}, qr/\d/, 'and the place';
    }
    my $got = changed("UPDATE journal_block SET first_seq = first_seq + 100000 WHERE first_seq = $block");
    is $got->{verify}, 4, "block $block: its number";
    $got = changed("DELETE FROM journal_block WHERE first_seq = $block");
    is $got->{verify}, 4, "block $block: gone";
}

# The first entry knows the register's key: changed, it is the chain that is wrong, not the key.
my $hex = $r->sql('SELECT hex(body) FROM journal_block WHERE first_seq = 1');
ok $hex =~ s/6B657920/6B657921/, 'the first entry names the key'; # "key "
my $got = changed("UPDATE journal_block SET body = x'$hex' WHERE first_seq = 1");
is "$got->{verify} $got->{check}", '4 4', 'its mark changed';
like $got->{said}, qr/CHAIN/, 'the chain is named';
unlike $got->{said}, qr/STORE_KEY/, 'not the key';

for my $column (qw(register_id hash)) {
    my $got = changed(flip('journal_head', $column, 'one = 1'));
    is $got->{verify}, 4, "head: one bit of $column" or diag $got->{said};
}
for my $column (qw(next_seq rules expire_through swept_through)) {
    my $got = changed("UPDATE journal_head SET $column = $column + 1");
    is $got->{verify}, 4, "head: $column" or diag $got->{said};
    $got = changed("UPDATE journal_head SET $column = $column - 1");
    is $got->{verify}, 4, "head: $column, down" or diag $got->{said};
}
is changed("UPDATE rule_set SET text = x'00'")->{verify}, 4, 'a rule set that cannot be read';
is changed('DELETE FROM journal_head')->{verify}, 4, 'no head';

# --- a cut tail, its head mended ---

my ($last, $before) = @blocks[-1, -2];
my $cut = "DELETE FROM journal_block WHERE first_seq = $last;"
  . "UPDATE journal_head SET next_seq = $last, hash = "
  . "(SELECT hash FROM journal_block WHERE first_seq = $before)";
my $got = changed($cut);
is $got->{verify}, 0, 'a cut tail verifies: the chain alone cannot know';
is $got->{check}, 4, 'db check finds facts that no row made';
like $got->{facts}, qr/FACTS `@{[imei(1)]}`/, 'and names the IMEI';
is changed($cut =~ s/^DELETE.*?;//r)->{verify}, 4, 'a head moved back, the tail left standing';
$got = changed($cut, '--against', $head);
is $got->{verify}, 4, 'against the head printed earlier it is found';
like $got->{said}, qr/CHAIN: no block has the hash given/, 'and told';
is $r->run('journal', 'verify', '--against', '0' x 64)->{code}, 4, 'a head of nobody';

# A register that goes on still contains the head of yesterday.
my $later = $r->copy_of;
$later->run('suspend', '--mark', 'lost', '--by', 'police', '--order', '2', imei(2));
is $later->run('journal', 'verify', '--against', $head)->{code}, 0, 'an earlier head is still in it';

# --- facts, and what stands beside them ---

my ($body) = imei(3) =~ /\A(\d{14})/;
my $facts = "imei = $body";
for my $sql (flip('facts', 'row', $facts), "DELETE FROM facts WHERE $facts",
    "INSERT INTO facts SELECT imei + 1000000, due, row FROM facts WHERE $facts",
    "UPDATE facts SET imei = imei + 1000000 WHERE $facts",
    "UPDATE facts SET due = 60000 WHERE $facts", 'DELETE FROM pair',
    'UPDATE pair SET subscriber = subscriber + 1', "UPDATE rule_set SET text = CAST(replace(CAST(text AS TEXT), 'days=30', 'days=31') AS BLOB)") {
    $got = changed($sql);
    is "$got->{verify} $got->{check}", '0 4', "db check alone finds: $sql" or diag $got->{facts};
    like $got->{facts}, qr/^tamga: (?:FACTS|CHAIN|CODEC)/, 'and says what it is';
}
like changed("DELETE FROM facts WHERE $facts; UPDATE facts SET imei = $body WHERE imei = (SELECT max(imei) FROM facts)")->{facts},
  qr/FACTS/, 'a row under another IMEI';
is $r->whole->{head}, $head, 'the register itself was not touched';
done_testing;
