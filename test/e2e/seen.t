#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# seen - who used which phone, out of operators' files: packed in any way and in any order the same rows are one load,
# which writes nothing the second time; loads that are killed anywhere are finished by the same command, with nothing
# twice and nothing missing; two at once wait for each other; the tables beside the register may go.
#
# TAMGA_KILL_ROUNDS=12 loads are killed; TAMGA_SEED repeats a run (of the same speed).
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use IO::Compress::Gzip qw(gzip);
use IO::Compress::Zip qw(zip);
use List::Util qw(shuffle);
use Register;
use Test::More;
use Time::HiRes qw(time sleep);

use constant {PHONES => 900, MANY => 70_000}; # more pairs than one transaction takes

my $rounds = $ENV{TAMGA_KILL_ROUNDS} // 12;
my $seed = $ENV{TAMGA_SEED} // time;
srand int $seed;
print '# seed TAMGA_SEED=', int $seed, "\n";

my $r = Register->new(now => '2026-03-10T07:00:00Z');
is $r->run('user', 'add', 'aigul')->{code}, 0, 'a register';
my $blank = $r->copy_of;

# The records of a kind, put together: parts may be cut in different places.
sub records {
    my ($r, $prefix) = @_;
    return $r->sql($r->{database}
        ? "SELECT md5(string_agg(value, '' ORDER BY key)) FROM record WHERE encode(substr(key, 1, " . length($prefix) / 2 . "), 'hex') = '$prefix'"
        : "SELECT group_concat(hex(value), '') FROM (SELECT value FROM record WHERE substr(hex(key), 1, " . length($prefix) . ") = '$prefix' ORDER BY key)");
}
sub all_of { my ($r) = @_; return [map { records($r, $_) } qw(30 31 32 33)] }
sub load { my ($r, @words) = @_; my $got = $r->run('--json', 'feed', 'load', '--operator', 'alpha', @words); return $got->{code} ? $got : json($got->{out}) }

# --- packed in any way, in any order ---

my $header = 'DATE,Site,imsi,imei,msisdn,rat';
my @rows = map { my $phone = $_; map { sprintf '2026-03-0%d,x,4010100000%05d,%s,77010%06d,006', $_, $phone % 700, imei($phone), $phone % 700 } 1 .. 3 } 1 .. PHONES;
my $text = lines($header, @rows);
my $other = lines($header, shuffle @rows);
my $got = $r->run('feed', 'load', '--operator', 'alpha', $r->file('a.csv', $text));
is $got->{code}, 0, 'a file' or diag $got->{err};
like $got->{out}, qr/passed over: Site$/m, 'a column that is not known is named';
like $got->{out}, qr/^  900 new pairs of a phone and a subscriber; of 900 IMEIs looked at 900 first activations/m, 'its pairs';
my ($head, $records) = ($r->whole->{head}, all_of($r));
gzip \$other => $r->path('b.gz');
zip \$other => $r->path('c.zip');
zip \$other => $r->path('d.zip'), Stream => 1;
my @packed = qw(b.gz c.zip d.zip);
if (system('zstd', '-q', '-f', $r->file('e.csv', $other), '-o', $r->path('e.zst')) == 0) { push @packed, 'e.zst' }
for my $file (@packed) {
    is_deeply [@{load($r, $r->path($file))}{qw(rows known)}], [2700, JSON::PP::true], "$file: the same rows are known";
}
$got = $r->run({stdin => $r->path('b.gz')}, '--json', 'feed', 'load', '--operator', 'alpha', '-');
is json($got->{out})->{known}, JSON::PP::true, 'by a pipe as well';
is $r->whole->{head}, $head, 'no block';
is_deeply all_of($r), $records, 'and no record was written';
is load($r, $r->file('f.csv', lines($header, @rows[0 .. 500])))->{pairs}, 0, 'a part of them has nothing new';
is $r->whole->{head}, $head, 'no block';
is_deeply all_of($r), $records, 'no pair, no day';
my $stored = $r->stored;
ok index($stored, '401010000000001') < 0 && index($stored, '77010000001') < 0, 'no number stands in clear';

# --- the tables beside it may go, or be of another time ---

my @tables = glob $r->{key} ? "$r->{key}.seen-*" : $r->db . '.seen-*';
is scalar @tables, 2, 'two tables stand beside';
is_deeply [map { (stat)[2] & 0777 } @tables], [0600, 0600], 'for the owner alone';
my $later = $r->copy_of;
is load($later, $later->file('g.csv', lines($header, '2026-03-04,x,401010000099999,' . imei(5000) . ',,')))->{pairs}, 1, 'a copy goes on';
unlink @tables;
is load($r, $r->file('h.csv', lines($header, @rows[0 .. 502])))->{pairs}, 0, 'without them the pairs are known';
is_deeply all_of($r), $records, 'and nothing is written';
spew($tables[$_], 'x' x 5000) for 0, 1;
is load($r, $r->file('i.csv', lines($header, @rows[0 .. 503])))->{pairs}, 0, 'with others in their place as well';

# --- what is set aside stands beside, all of it ---

my @bad = map { "2026-03-01,x,401010000000001,$_,," } '', '*', '#', '0', '99999999999999', '00000000000000', 'abcdef01234567';
$got = $r->run('feed', 'load', '--operator', 'alpha', '--accept', 'nulls', '--reason', 'test', $r->file('j.csv', lines($header, (@bad) x 30)));
is $got->{code}, 0, 'many rows that cannot be used' or diag $got->{err};
my @beside = split /\n/, slurp($r->path('j.csv.bad.csv'));
is scalar @beside, 211, 'all of them stand beside';
is sprintf('%o', (stat $r->path('j.csv.bad.csv'))[2] & 0777), '600', '... for us alone';
is $beside[2], '3,4,IMEI_FORM,"2026-03-01,x,401010000000001,*,,"', 'with line, column and reason';

# --- a roamer starts nothing, but is seen ---

$got = load($r, $r->file('k.csv', lines($header, '2026-03-05,x,250010000000001,' . imei(6000) . ',,')));
is_deeply [@$got{qw(roaming pairs imeis first)}], [1, 1, 0, 0], 'a roamer';
is(($r->lists(imei(6000)))[0], 'unknown NEVER_ACTIVATED', 'starts no clock');
$got = load($r, $r->file('l.csv', lines($header, '2026-03-05,x,401010000000001,' . imei(6000) . ',,')));
is_deeply [@$got{qw(pairs first)}], [1, 1], 'a subscriber of ours does';
$got = load($r, '--accept', 'size', '--reason', 'test', $r->file('m.csv', lines($header, '2026-03-03,x,401010000000001,' . imei(6000) . ',,')));
is_deeply [@$got{qw(pairs imeis earlier)}], [0, 1, 1], 'and an older row of the same pair moves it';

# --- what stands beside is for us alone ---

Register::spew($r->path('other'), "somebody's\n");
symlink $r->path('other'), $r->path('o.csv.bad.csv') or die;
$got = $r->run('feed', 'load', '--operator', 'alpha', '--accept', 'nulls,size', '--reason', 'test', $r->file('o.csv', lines($header, '2026-03-01,x,401010000000001,77011234567,,')));
is slurp($r->path('other')), "somebody's\n", 'a link that stands there is not followed';
like slurp($r->path('o.csv.bad.csv')), qr/77011234567/, '... and the row stands beside';
unlike $r->stored, qr/77011234567/, 'a number in the wrong column is in no finding';
ok $r->whole, 'whole';

# --- killed anywhere ---

my $many = $blank->file('many.csv', lines($header,
    map { sprintf '2026-03-0%d,x,4010100000%05d,%s,,', 1 + $_ % 3, $_ % 60_000, imei($_, 35920500 + $_ % 5) } 1 .. MANY));
my $whole = $blank->copy_of;
my $began = time;
is load($whole, $many)->{pairs}, MANY, 'many pairs, undisturbed';
my $seconds = time - $began;
my $want = [map { records($whole, $_) } qw(31 3370 3364)];
my (@wrong, %parts);
for (1 .. $rounds) {
    my $copy = $blank->copy_of;
    for (0 .. int rand 2) {
        my $pid = $copy->start({tag => 'killed'}, 'feed', 'load', '--operator', 'alpha', $many);
        sleep $seconds * (0.5 + rand 0.6);
        Register::stop($pid, 'KILL');
        $copy->disconnect if $copy->{database};
    }
    my $stands = $copy->sql('SELECT count(*) FROM record WHERE ' . ($copy->{database} ? "encode(substr(key, 1, 1), 'hex') = '33'" : "substr(hex(key), 1, 2) = '33'"));
    $parts{$stands}++;
    my $again = load($copy, $many);
    push @wrong, "round $_: " . ($again->{err} // 'code') if exists $again->{code};
    push @wrong, "round $_: another state after $stands parts" if "@$want" ne join ' ', map { records($copy, $_) } qw(31 3370 3364);
    push @wrong, "round $_: facts" if $copy->sql('SELECT count(*) FROM facts') != MANY;
    push @wrong, "round $_: not known" if !load($copy, $many)->{known};
    push @wrong, "round $_: not whole" if !$copy->whole;
}
is_deeply \@wrong, [], "$rounds loads were killed, and came to the same end";
print '# parts that stood: ', join(', ', map { "$_: $parts{$_}" } sort { $a <=> $b } keys %parts), "\n";

# --- two at once ---

my $both = $blank->copy_of;
my @pids = map { $both->start({tag => "load$_"}, 'feed', 'load', '--operator', $_, $many) } 'alpha', 'beta';
is_deeply [map { Register::wait_for($_, 120) } @pids], [0, 0], 'two loads at once';
my $pairs = $both->sql('SELECT sum(length(value)) FROM record WHERE ' . ($both->{database} ? "encode(substr(key, 1, 2), 'hex') = '3370'" : "substr(hex(key), 1, 4) = '3370'"));
is $pairs, 12 * MANY, 'no pair is there twice';
ok $both->whole, 'whole';
done_testing;
