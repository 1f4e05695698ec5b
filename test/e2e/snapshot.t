#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# snapshot - the file of `snapshot write`, read by somebody who knows doc/formats.md alone: the header, the hash of
# every part, the signature by the key that `node add` gives a node; and what the command says and refuses.
use strict;
use warnings;
use Digest::SHA qw(sha256);
use FindBin;
use lib $FindBin::Bin;
use Register;
use Test::More;

use constant {HEADER => 512, START => 576, PART => 1 << 20};
my @names = qw(lists rules tac codes verdicts odd pairs lines);

my $r = Register->new(now => '2026-03-01T07:00:00Z');
is $r->run('demo', 'create')->{code}, 0, 'a register with everything in it';
is $r->run('import', 'amnesty', $r->file('a.txt', lines(map { imei($_) } 1 .. 3000)))->{code}, 0, 'and 3,000 phones';
is $r->run('import', 'tac', $r->file('tac.csv', lines('tac,name,name', '35735007,Nokia,X')))->{code}, 0, 'a list of models';
is $r->run('node', 'add', 'kcell', '--out', $r->path('node.key'))->{code}, 0, 'and a node';
my %node = slurp($r->path('node.key')) =~ /^(\w+)=(.*)$/mg;

# {header field => value, bytes => [of sections], at => [where they begin]}
sub take_apart {
    my ($file) = @_;
    my %f;
    @f{qw(magic version order)} = unpack 'a4 V V', $file;
    @f{qw(id next_seq hash rules)} = unpack 'x16 a16 Q< a32 V', $file;
    $f{imeis} = unpack 'x128 Q<', $file;
    my @bytes = unpack 'x144 Q<7', $file;
    my $parts = 0;
    $parts += int(($_ + PART - 1) / PART) for @bytes;
    unshift @bytes, 32 * $parts;
    my $at = START;
    for my $i (0 .. $#bytes) {
        my $align = $i == $#bytes ? 4096 : 64;
        $at = int(($at + $align - 1) / $align) * $align;
        $f{$names[$i]} = substr $file, $at, $bytes[$i];
        $at += $bytes[$i];
    }
    $f{end} = $at;
    return %f;
}

sub lists_of {
    my (%f) = @_;
    my $lists = '';
    for my $name (@names[1 .. $#names]) {
        for (my $at = 0; $at < length $f{$name}; $at += PART) {
            $lists .= sha256(substr $f{$name}, $at, PART);
        }
    }
    return $lists;
}

sub is_signed {
    my ($file, $public) = @_;
    my $der = $r->file('public.der', pack('H*', '302a300506032b6570032100') . pack 'H*', $public);
    my $said = $r->file('header', substr $file, 0, HEADER);
    my $sig = $r->file('signature', substr $file, HEADER, 64);
    return system("openssl pkeyutl -verify -pubin -keyform DER -inkey $der -rawin -in $said -sigfile $sig >/dev/null 2>&1") == 0;
}

# --- the file ---

my $path = $r->path('snapshot.tgix');
my $got = $r->run('--json', 'snapshot', 'write', $path);
is $got->{code}, 0, 'written';
my $said = json($got->{out});
my $file = slurp($path);
my %f = take_apart($file);
is "$f{magic} $f{version}", 'TGIX 2', 'magic and version';
is $f{order}, 0x01020304, 'byte order';
is unpack('H*', $f{id}), $node{register}, 'the register that the node knows';
is $f{next_seq} - 1, $said->{seq}, 'sequence';
is $f{imeis}, $said->{imeis}, 'IMEIs';
cmp_ok $f{imeis}, '>', 3000, 'all of them';
is length $file, $said->{bytes}, 'bytes';
is length $file, $f{end}, 'no byte is left over';
is $f{lists}, lists_of(%f), 'hashes of the parts';
is substr($file, 200, 32), sha256($f{lists}), 'and the hash of those';
ok is_signed($file, $node{public}), 'signed by the register';
ok !is_signed($file =~ s/^(.{130})./$1x/sr, $node{public}), 'and nothing else is';
like $f{rules}, qr/^home_plmn=401$/m, 'the rule set is in it';
is substr($f{tac}, 0, 4), 'TGT1', 'and the TAC list';
my $again = $r->path('again.tgix');
like $r->run('snapshot', 'write', $again)->{out},
  qr/^$f{imeis} IMEIs, \d+ bytes, up to sequence $said->{seq}\n\z/, 'in words';
is length slurp($again), length $file, 'again as long';
is((stat $path)[2] & 0777, 0640, 'not for everybody');

# --- a part ---

is $r->run('import', 'amnesty', $r->file('b.txt', lines(map { imei($_, 86000001) } 1 .. 20)))->{code}, 0, 'phones of another maker';
my $part_path = $r->path('part.tgix');
is json($r->run('--json', 'snapshot', 'write', '--tacs', '86000001,86000002-86000009', $part_path)->{out})->{imeis}, 20, 'a part has its own alone';
my $part = slurp($part_path);
my %p = take_apart($part);
is "$p{magic} $p{version}", 'TGIX 3', '... another version';
is_deeply [unpack 'x232 V5', $part], [1, 0, 86000001, 86000009, 0], '... its ranges, joined';
is length $part, $p{end}, '... no byte is left over';
is $p{lists}, lists_of(%p), '... hashes of its parts';
is_deeply [@p{qw(rules tac)}], [@f{qw(rules tac)}], '... rule set and list of models are the register\'s';
ok is_signed($part, $node{public}), '... signed by the register';
ok !is_signed($part =~ s/^(.{244})./$1x/sr, $node{public}), '... its ranges, too';

# --- after a change ---

$r->run('suspend', '--mark', 'lost', '--by', 'police', '--order', '1', imei(1));
cmp_ok json($r->run('--json', 'snapshot', 'write', $path)->{out})->{seq}, '>', $said->{seq}, 'it stands later';
isnt slurp($path), $file, 'another file in its place';

# --- what cannot be ---

is $r->run('snapshot', 'write')->{code}, 2, 'no name';
$got = $r->run('snapshot', 'write', $r->path('none/snapshot'));
is $got->{code}, 2, 'no directory';
like $got->{err}, qr/none\/snapshot/, 'says which';
my $before = slurp($path);
$got = $r->run('snapshot', 'write', $r->{dir});
is $got->{code}, 2, 'a directory';
is slurp($path), $before, 'what stood there stands';
is_deeply [glob $r->path('*.new')], [], 'nothing half done is left';
my $other = Register->new(now => '2026-03-01T07:00:00Z');
is $other->run('snapshot', 'write', $other->path('snapshot'))->{code}, 4, 'no register';
ok !-e $other->path('snapshot'), 'no file';
done_testing;
