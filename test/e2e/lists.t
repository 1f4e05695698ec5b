#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# lists - list files for operators: who is on them and since when, a head and a signature that a reader of its own
# believes, deltas that make the next full list, layouts and packings, the day's sweep, a directory that changes as a
# whole whoever is killed (SIGKILL) at whatever moment, cursors of other registers.
use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use FindBin;
use lib $FindBin::Bin;
use Register;
use Test::More;
use Time::HiRes qw(time sleep);

use constant {MANY => 60_000, KILLS => $ENV{TAMGA_KILL_ROUNDS} // 12};

my $r = Register->new(now => '2026-03-10T07:00:00Z');
sub body { return substr imei(@_), 0, 14 }
sub ok_run { my ($say, @words) = @_; my $did = $r->run(@words); is $did->{code}, 0, $say or diag $did->{err}; return $did }

ok_run('a theft', 'suspend', '--mark', 'stolen', '--by', 'police', '--order', '1', imei(2));
ok_run('an order', 'suspend', '--mark', 'order', '--by', 'court', '--order', '2', imei(1));
ok_run('a node, for the key', '--actor', 'aigul', 'node', 'add', '--out', $r->path('node.key'), 'Altel');
my ($public) = slurp($r->path('node.key')) =~ /^public=(\S+)$/m;
spew($r->path('public.der'), pack 'H*', "302a300506032b6570032100$public"); # RFC 8410

my $checked = 0;
# The rows of a list that proves itself; undef when it does not.
sub rows_of {
    my ($text, $side) = @_;
    my ($whole, $end);
    if (defined $side) {
        my ($head, $last) = $side =~ /\A(.*\n)(#end .*\n)\z/ or return;
        ($whole, $end) = ("$head$text", $last);
    } else {
        ($whole, $end) = $text =~ /\A(.*\n)(#end [^\n]*\n)\z/s or return;
    }
    my ($rows, $sha, $signature) = $end =~ /^#end rows=(\d+) sha256=([0-9a-f]{64}) signature=([0-9a-f]{128})$/ or return;
    return if sha256_hex($whole) ne $sha;
    my $n = $checked++;
    my $said = spew($r->path("said.$n"), "tamga list $sha");
    my $sign = spew($r->path("sign.$n"), pack 'H*', $signature);
    my @words = ('openssl', 'pkeyutl', '-verify', '-pubin', '-keyform', 'DER', '-inkey', $r->path('public.der'), '-rawin', '-in', $said, '-sigfile', $sign);
    my $quiet = open my $p, '-|', @words or die $!;
    my $told = join '', <$p>;
    return if !close $p;
    my @rows = grep { !/^(#|imei,|H\||T\|)/ } split /\n/, $whole;
    return if @rows != $rows;
    my %head = $whole =~ /\A#tamga-list .*\n/ ? map { /^(\w+)=(.*)/ ? ($1, $2) : () } split / /, (split /\n/, $whole)[0] : ();
    return {rows => \@rows, head => \%head};
}

sub list {
    my ($dir, @words) = @_;
    return $r->run('--json', 'lists', '--operator', 'Altel', '--out', $r->path($dir), @words);
}

# --- full ---

ok_run('swept', 'sweep');
my $made = list('out');
is $made->{code}, 0, 'a full list' or diag $made->{err};
my $told = json($made->{out});
my $full = rows_of(slurp($r->path('out/black.csv')));
is_deeply $full->{rows}, [body(1) . ',AUTHORITY,2026-03-10', body(2) . ',STOLEN,2026-03-10'], 'who is in, by IMEI, in public words';
is_deeply [@{$full->{head}}{qw(kind form base operator rows cursor swept_through)}],
  ['black', 'full', '-', 'Altel', 2, $told->{cursor}, '2026-03-10'], 'its head';
is $full->{head}{to} + 1, $told->{cursor} =~ s/-.*//r, 'the range ends at the cursor';
my $changed = slurp($r->path('out/black.csv')) =~ s/STOLEN/LOST/r;
is rows_of($changed), undef, 'the reader notices a change';

# --- deltas ---

my $start = $told->{cursor};
is json(list('d', '--since', $start)->{out})->{rows}, 0, 'nothing new';
ok_run('lifted', 'resume', '--mark', 'order', '--by', 'court', '--order', '3', imei(1));
ok_run('another theft', 'suspend', '--mark', 'lost', '--by', 'police', '--order', '4', imei(3));
$told = json(list('d', '--since', $start)->{out});
my $delta = rows_of(slurp($r->path('d/black-delta.csv')));
is_deeply $delta->{rows}, [body(1) . ',removed,AUTHORITY,2026-03-10,,', body(3) . ',added,,,LOST,2026-03-10'], 'what moved, old and new';
is $delta->{head}{base}, $start, 'upon which base';
is json(list('d', '--since', $told->{cursor})->{out})->{rows}, 0, 'and then nothing';
ok !-e $r->path('d/black.csv'), 'a directory holds one making';

# --- layouts, packings ---

list('l', '--layout', 'dirbs');
is_deeply rows_of(slurp($r->path('l/blacklist.csv')), slurp($r->path('l/blacklist.csv.head')))->{rows},
  [body(2) . ',20260310,STOLEN', body(3) . ',20260310,LOST'], 'DIRBS';
list('l', '--layout', 'dirbs', '--since', $start);
is_deeply rows_of(slurp($r->path('l/blacklist_delta.csv')), slurp($r->path('l/blacklist_delta.csv.head')))->{rows},
  [body(1) . ',20260310,AUTHORITY,unblocked', body(3) . ',20260310,LOST,blocked'], 'its delta';
list('l', '--layout', 'gsma', '--since', $start);
is_deeply rows_of(slurp($r->path('l/black-delta.txt')), slurp($r->path('l/black-delta.txt.head')))->{rows},
  ['R|' . body(1) . '|' . body(1) . '|AUTHORITY|20260310', 'A|' . body(3) . '|' . body(3) . '|LOST|20260310'], 'ranges of one';
for my $pack (['gz', 'gz', 'gzip'], ['zstd', 'zst', 'zstd']) {
    list('p', '--pack', $pack->[0]);
    open my $p, '-|', $pack->[2], '-dc', $r->path("p/black.csv.$pack->[1]") or die $!;
    my $text = join '', <$p>;
    close $p;
    is_deeply rows_of($text)->{rows}, [body(2) . ',STOLEN,2026-03-10', body(3) . ',LOST,2026-03-10'], $pack->[0];
}

# --- what is refused ---

my $no = $r->run('lists', '--operator', 'Altel', '--out', $r->path('out'), '--since', '3-0123456789abcdef');
is $no->{code}, 2, 'a cursor of another register';
like $no->{err}, qr/full list/, 'and what to do';
is $r->run('lists', '--operator', 'Altel', '--out', $r->path('out'), '--since', 'yesterday')->{code}, 2, 'no cursor at all';
is $r->run('lists', '--operator', 'Altel', '--out', $r->path('out'), '--since', $told->{cursor}, '--list', 'black,white')->{code}, 2, 'a cursor is of one list';
is rows_of(slurp($r->path('out/black.csv')))->{head}{to}, $full->{head}{to}, 'and the list before stands';
mkdir $r->path('mine');
spew($r->path('mine/letter'), "dear\n");
$no = $r->run('lists', '--operator', 'Altel', '--out', $r->path('mine'));
is_deeply [$no->{code}, slurp($r->path('mine/letter'))], [2, "dear\n"], 'a directory with other files is left alone';
$r->now('2026-03-11T07:00:00Z');
$no = list('out');
is $no->{code}, 4, 'before the sweep of the day';
like $no->{err}, qr/2026-03-10/, 'it says how far';
is json(list('d', '--since', $told->{cursor})->{out})->{rows}, 0, 'a delta is made at any hour';
ok_run('swept', 'sweep');

# --- whoever is killed, the directory is whole ---

ok_run('many', 'import', 'gsma', $r->file('gsma.txt', map { imei($_, 86927100 + $_ % 7) . "\n" } 1 .. MANY));
my $began = time;
is list('big')->{code}, 0, 'a long list';
my $seconds = time - $began;
is scalar @{rows_of(slurp($r->path('big/black.csv')))->{rows}}, MANY + 2, 'all of it';
srand($ENV{TAMGA_SEED} // 7);
my ($old, $new, $broken) = (0, 0, 0);
for my $i (1 .. KILLS) {
    ok_run("round $i", 'suspend', '--mark', 'stolen', '--by', 'police', '--order', "k$i", imei(1000 + $i));
    my $pid = $r->start({tag => "killed"}, "lists", '--operator', 'Altel', '--out', $r->path('big'));
    sleep rand($seconds * 1.1);
    Register::stop($pid, "KILL");
    my $stands = rows_of(slurp($r->path('big/black.csv')));
    my $n = $stands ? @{$stands->{rows}} - MANY - 2 : -1;
    $n == $i ? $new++ : $n >= 0 && $n < $i ? $old++ : $broken++;
}
is $broken, 0, "of those killed none left half a list ($old as before, $new new)";
is list('big')->{code}, 0, 'the next one goes through';
is scalar @{rows_of(slurp($r->path('big/black.csv')))->{rows}}, MANY + 2 + KILLS, 'and has all';
ok !-e $r->path('big.new'), 'nothing is left beside';

done_testing;
