#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# bad_input - files as they come from the world, given to every importer: it says file, line, column,
# value, rule and what to do, loads nothing, and the register stays whole. Also a full disk.
use strict;
use warnings;
use Cwd qw(abs_path);
use Encode qw(encode);
use FindBin;
use lib $FindBin::Bin;
use Register;
use Test::More;

use constant {MAX_RSS_KB => 400 * 1024, GIGABYTE => 1 << 30};

my $r = Register->new(now => '2026-03-01T07:00:00Z');
my @by = ('--kind', 'import', '--by', '030540003215');
my $i = imei(1);
my $good = luhn('49015420323751');

# name => words, a good file (which every broken one is made of), the columns it lacks when wrong
my %importer = (
    tac => {words => ['import', 'tac'], text => "tac,name,name\n35735007,Nokia,3310\n"},
    amnesty => {words => ['import', 'amnesty'], text => "imei\n$i\n$good\n", lines => 1},
    gsma => {words => ['import', 'gsma'], text => "imei,why\n$i,stolen\n", lines => 1},
    verified => {words => ['import', 'verified', @by], text => "imei1,imei2\n$i,$good\n"},
    feed => {words => ['feed', 'load', '--operator', 'alpha'],
        text => "date,imei,imsi,msisdn,rat\n2026-02-20,$i,401010000000001,,001\n"},
);

is $r->run('user', 'add', 'aigul')->{code}, 0, 'a register';
my $head = $r->whole->{head};

sub refused {
    my ($what, $name, $file, $why) = @_;
    my $got = $r->run(@{$importer{$name}{words}}, $file);
    is $got->{code}, 2, "$name: $what" or diag "$got->{out}$got->{err}";
    like $got->{err}, $why, "$name: $what: says so";
    (my $shown = quotemeta $file) =~ s/\A-\z/standard input/;
    like $got->{err}, qr/$shown/, "$name: $what: names the file";
}

for my $name (sort keys %importer) {
    my $text = $importer{$name}{text};
    my $at = sub { $r->file("$name-$_[0].csv", $_[1]) };

    # --- no file ---
    refused('missing', $name, $r->path('nowhere.csv'), qr/FILE_OPEN: there is no such file/);
    refused('a directory', $name, $r->dir, qr/FILE_KIND: it is a directory; give a file/);
    refused('a device', $name, '/dev/zero', qr/FILE_KIND: it is a device/);

    # --- no table ---
    refused('empty', $name, $at->('empty', ''), qr/:1: FILE_EMPTY: there is nothing/);
    refused('blank lines only', $name, $at->('blank', "\n\r\n\n"), qr/FILE_EMPTY/);
    my ($header) = $text =~ /\A(.*\n)/;
    refused('a header only', $name, $at->('header', $header), qr/FILE_EMPTY|not one TAC/);
    refused('another header', $name, $at->('other', "colour,size\nred,1\n"), qr/:1: FILE_HEADER/);

    # --- no text ---
    for my $utf16 ('UTF-16LE', 'UTF-16BE') {
        refused($utf16, $name, $at->($utf16, encode($utf16, "\x{feff}$text")),
            qr/FILE_KIND: .*UTF-16.* save it as UTF-8/);
    }
    refused('an Excel workbook', $name, $at->('workbook', "PK\x03\x04\x14\0\6\0[Content_Types].xml\0xl/workbook.xml" . "\1" x 400),
        qr/FILE_KIND: the file is a workbook.*save the table as CSV UTF-8/);
    refused('gzip', $name, $at->('packed', "\x1f\x8b\x08\0" . "\1" x 400),
        $name eq 'feed' ? qr/FILE_READ: this gzip file is damaged/ : qr/FILE_KIND: the file is compressed.*zcat/);
    refused('UTF-16 without a mark', $name, $at->('utf16', encode('UTF-16LE', $text)),
        qr/FILE_ENCODING: .*UTF-16/);
    (my $nul = $text) =~ s/\n(.)/\n\0$1/;
    refused('a NUL', $name, $at->('nul', $nul), qr/:2: FILE_ENCODING.*NUL/);
    my $cp1251 = "\xcf\xf0\xe8\xe2\xe5\xf2";
    if ($name ne 'tac') { # there it is a line above the header
        refused('Windows-1251', $name, $at->('cp1251', $cp1251 . ",$text"),
            qr/:1:1: FILE_ENCODING `\S+`: not UTF-8.*save it as UTF-8/);
    }
    if ($name ne 'tac' && $name ne 'feed') { # these set such rows aside
        refused('a row in Windows-1251', $name, $at->('row1251', "$text$cp1251" . ($text =~ /,/ ? ",\n" : "\n")),
            qr/:\d+:1: FILE_ENCODING `\\xcf\\xf0\\xe8\\xe2\\xe5\\xf2`: not UTF-8.*save it as UTF-8/);
    }
    refused('a quote without end', $name, $at->('quote', $text . "\"35735007\n" . "x,y\n" x 40000),
        qr/FILE_QUOTE|LINE_LONG/);

    # --- a line of a gigabyte ---
    my $sparse = $at->('sparse', $text);
    truncate $sparse, GIGABYTE or die;
    refused('a sparse gigabyte', $name, $sparse, qr/FILE_ENCODING|LINE_LONG/);
    my $pipe = $r->run({prefix => ['bash', '-c', 'head -c 1G /dev/zero | tr "\0" 7 | "$@"', 'pipe',
                'python3', '-c', measure()]}, @{$importer{$name}{words}}, '-');
    is $pipe->{code}, 2, "$name: a line of a gigabyte" or diag $pipe->{err};
    like $pipe->{err}, qr/standard input:\d+: LINE_LONG `7+\S*`: a line of more than 65536 bytes/,
      "$name: a line of a gigabyte: where and why";
    my ($kb) = $pipe->{err} =~ /^rss (\d+)$/m;
    ok $kb && $kb < MAX_RSS_KB, "$name: a line of a gigabyte: in bounded memory ($kb kB)";
    unlink $sparse;
}
is $r->whole->{head}, $head, 'all this loaded nothing';
is $r->sql('SELECT count(*) FROM load'), 0, 'and is not remembered';

# Runs its arguments and prints the greatest memory of a child.
sub measure {
    return 'import resource, subprocess, sys
code = subprocess.run(sys.argv[1:]).returncode
print("rss", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(code)';
}

# --- what is no fault: BOM, CRLF, blanks, semicolons, capitals, other columns ---

for my $name (sort keys %importer) {
    my $text = $importer{$name}{text};
    my $crlf = "\xef\xbb\xbf" . $text =~ s/\n/\r\n/gr . "\r\n";
    my @words = ('--json', @{$importer{$name}{words}});
    my $copy = $r->copy_of;
    my $first = $copy->run(@words, $copy->file('crlf.csv', $crlf));
    is $first->{code}, 0, "$name: BOM and CRLF" or diag $first->{err};
    my $plain = $r->copy_of;
    is $plain->run(@words, $plain->file('lf.csv', $text =~ s/\n\z//r))->{out}, $first->{out},
      "$name: the same without, and without the last line end";
    is_deeply [$plain->check($i, $good)], [$copy->check($i, $good)], "$name: the same answers";
    next if $name eq 'tac';
    my $odd = $r->copy_of;
    (my $semi = uc($text) . "\n\n") =~ s/,/ ; /g;
    is $odd->run(@words, $odd->file('odd.csv', $semi))->{code}, 0, "$name: semicolons, capitals, blanks";
    is_deeply [$odd->check($i)], [$copy->check($i)], "$name: semicolons: the same answer";
    next unless $importer{$name}{lines};
    my $bare = $r->copy_of;
    is $bare->run(@words, $bare->file('bare.txt', "$i\n$good\n"))->{code}, 0, "$name: one a line";
    is_deeply [$bare->check($i)], [$copy->check($i)], "$name: one a line: the same answer";
}

# --- no permission ---

SKIP: {
    my $secret = $r->file('secret.csv', $importer{amnesty}{text});
    chmod 0, $secret;
    my $other = Register->new(now => '2026-03-01T07:00:00Z');
    my @nobody;
    if ($> == 0) {
        chmod 0755, $r->dir;
        chown 65534, 65534, $other->dir;
        @nobody = ('setpriv', '--reuid', 65534, '--regid', 65534, '--clear-groups');
        skip 'nobody cannot run the program here', 4
          if $other->run({prefix => \@nobody}, 'user', 'add', 'aigul')->{code};
    }
    for my $name ('amnesty', 'feed') {
        my $got = $other->run({prefix => \@nobody}, @{$importer{$name}{words}}, $secret);
        is $got->{code}, 2, "$name: no permission" or diag $got->{err};
        like $got->{err}, qr/secret\.csv: FILE_OPEN: no permission to read it/, "$name: says so";
    }
}

# --- bad rows: where, what, why; with --keep-good the rest goes in ---

my $mistyped = luhn('49015420323752') =~ s/(\d)\z/($1 + 1) % 10/er;
my $twice = imei(7);
my $file = $r->file('verified.csv', lines('brand,imei1,imei2', 'A,' . imei(5) . ',' . imei(6),
    "B,$twice,", "C,$mistyped,", 'D,' . imei(8) . ',12', "E,$twice," . imei(9), 'F,,', 'G,' . imei(11)));
my $got = $r->run('import', 'verified', @by, $file);
is $got->{code}, 2, 'verified: bad rows';
like $got->{err}, qr/^\Q$file\E:4:2: IMEI_MISTYPED `$mistyped`: .*mistyped/m, 'mistyped: line and column';
like $got->{err}, qr/^\Q$file\E:5:3: IMEI_FORM `12`: an IMEI has 14, 15 or 16 digits/m, 'too short';
like $got->{err}, qr/^\Q$file\E:6:2: DUPLICATE_IN_FILE `$twice`: .*twice in the file.* \(line 3\)/m, 'twice: and where before';
like $got->{err}, qr/^\Q$file\E:7(:2)?: FILE_COLUMN `F?,*`: column imei1: no value/m, 'no value';
like $got->{err}, qr/^\Q$file\E:8: FILE_COLUMN .*2 columns, the header has 3/m, 'a column short';
like $got->{err}, qr/^tamga: .*bad rows: 5; nothing was loaded: .*--keep-good/m, 'what to do';
is $r->whole->{head}, $head, 'nothing was loaded';
ok !-e "$file.bad.csv", 'nothing stands beside the file';
$got = $r->run('import', 'verified', @by, '--keep-good', $file);
is $got->{code}, 0, '--keep-good';
like $got->{out}, qr/5 bad rows were left out, they stand in \Q$file\E\.bad\.csv/, 'told';
is_deeply [$r->lists(imei(5), imei(6), $twice, imei(8), imei(9))],
  [('white VERIFIED') x 3, ('unknown NEVER_ACTIVATED') x 2], 'the good rows are in, the bad are not';
my @bad = split /\n/, slurp("$file.bad.csv");
is $bad[0], 'line,column,error,row', 'the file beside has a header';
is_deeply [sort @bad[1 .. $#bad]], ["4,2,IMEI_MISTYPED,\"C,$mistyped,\"",
    '5,3,IMEI_FORM,"D,' . imei(8) . ',12"', "6,2,DUPLICATE_IN_FILE,\"$twice," . imei(9) . '"',
    '7,2,FILE_COLUMN,"F,,"', '8,0,FILE_COLUMN,"G,' . imei(11) . '"'], 'and every bad row'
  or diag "@bad";

for my $name ('amnesty', 'gsma') {
    my $copy = $r->copy_of;
    my $list = $copy->file('list.csv', lines('n,imei', '1,' . imei(20), '2,1234', '3,35735OO7OOOO2O', '4,'));
    $got = $copy->run('import', $name, $list);
    is $got->{code}, 2, "$name: bad rows";
    like $got->{err}, qr/^\Q$list\E:3:2: IMEI_FORM `1234`: an IMEI is 14 to 16 digits/m, "$name: too short";
    like $got->{err}, qr/^\Q$list\E:4:2: IMEI_CHARS `35735OO7OOOO2O`/m, "$name: letters for digits";
    like $got->{err}, qr/:5.*FILE_COLUMN/, "$name: no value";
    is_deeply [$copy->lists(imei(20))], ['unknown NEVER_ACTIVATED'], "$name: nothing loaded";
    is $copy->run('import', $name, '--keep-good', $list)->{code}, 0, "$name: --keep-good";
    isnt +($copy->lists(imei(20)))[0], 'unknown NEVER_ACTIVATED', "$name: the good one is in";
    is scalar(() = slurp("$list.bad.csv") =~ /^\d+,/mg), 3, "$name: three stand beside";
}

my $stands = $r->whole->{head};
for my $words (['amnesty'], ['gsma'], ['verified', @by]) {
    my ($name) = @$words;
    my $none = $r->file("none-$name.csv", lines('imei,imei1', "12,$mistyped", 'x,12'));
    $got = $r->run('import', @$words, '--keep-good', $none);
    is $got->{code}, 2, "$name: --keep-good without a good row";
    like $got->{err}, qr/^tamga: FILE_EMPTY: .*no good row: all 2 are bad/m, 'says so';
    is $r->whole->{head}, $stands, 'and makes no batch of nothing';
}

# Rows of a feed that cannot be used are set aside and counted, as long as they are few.
my @rows = map { '2026-02-28,' . imei(100 + $_) . ',401010000000003,,001' } 1 .. 99;
my $byte = $r->copy_of;
$got = $byte->run('feed', 'load', '--operator', 'alpha', $byte->file('byte.csv',
    lines('date,imei,imsi,msisdn,rat', @rows[0 .. 49], "2026-02-28,\xcf\xf0,401,,", @rows[50 .. 98])));
is $got->{code}, 0, 'feed: a byte that is no text' or diag $got->{err};
like $got->{out}, qr/99 home.*1 malformed/, 'is a fault of its row';
is_deeply [$byte->lists(imei(101), imei(199))], [('grey UNVERIFIED') x 2], 'the rows around it are in';
$got = $r->run('feed', 'load', '--operator', 'alpha',
    $r->file('feed.csv', lines('date,imei,imsi,msisdn,rat', @rows, '28.02.2026,' . imei(1) . ',401,,', 'a,b')));
is $got->{code}, 0, 'feed: two rows of 101';
like $got->{out}, qr/99 home.*2 malformed/, 'feed: counted';
is $r->sql('SELECT sum(count) FROM finding'), 2, 'feed: kept as findings';

# Columns that have slipped bring a subscriber's number where none belongs: no finding keeps it.
{
    my $copy = $r->copy_of;
    my ($imsi, $msisdn) = ('401011234567890', '77010001122');
    my @slipped = ("2026-02-28,,$imsi,$msisdn", "$imsi," . imei(1) . ",$imsi,$msisdn,1",
        "2026-02-28," . imei(1) . ",$imsi,1,$msisdn", "2026-02-28,\"" . imei(1) . "\"x,$imsi,$msisdn,1");
    is $copy->run('feed', 'load', '--operator', 'alpha', '--accept', 'all', '--reason', 'test',
        $copy->file('slipped.csv', lines('date,imei,imsi,msisdn,rat', @slipped)))->{code}, 0, 'feed: columns that slipped';
    my $kept = $copy->sql('SELECT group_concat(kind || raw) FROM finding');
    ok length $kept && $kept !~ /$imsi|401011|$msisdn/, 'nobody is named in a finding' or diag $kept;
}

# A time is no must, but one that cannot be read makes the day doubtful.
my @clocks = ('', '10:00', '23:59:59', '10:00:00.5', '10:00Z', '10:00+05', '10:00:00+0500', '10:00-03:00');
my @no_clocks = ('99:99', '24:00', '10:60', '10:00:60', '1:00', '10.00', 'noon', '10:00+99:00', '10:00x');
for my $time (@clocks, @no_clocks) {
    my $copy = $r->copy_of;
    $got = $copy->run('--json', 'feed', 'load', '--operator', 'alpha', '--accept', 'all', '--reason', 'x',
        $copy->file('time.csv', lines('date,imei,imsi,msisdn,rat,time', '2026-02-28,' . imei(900) . ",401010000000003,,001,$time")));
    my $line = json($got->{out});
    is_deeply [@$line{qw(home malformed)}], [(grep { $_ eq $time } @clocks) ? (1, 0) : (0, 1)], "feed: time '$time'"
      or diag $got->{err};
}

# Whose approval? A number with a wrong check digit is nobody's.
for my $who ('030540003216', '12', 'abcdefghijkl') {
    $got = $r->run('import', 'verified', '--kind', 'import', '--by', $who, $file);
    is $got->{code}, 2, "--by $who";
    like $got->{err}, qr/IIN_BIN `$who`/, 'says so';
}
$got = $r->run('import', 'verified', @by, '--at', '2027-01-01', $file);
is $got->{code}, 2, 'an approval in the future';

# --- a full disk ---

# A register on a small file system of its own, in a mount namespace of its own.
SKIP: {
    skip 'no mount namespace here', 1 unless $> == 0 && system('unshare -m true 2>/dev/null') == 0;
    my $disk = $r->path('disk');
    mkdir $disk;
    my $list = $r->file('many.txt', lines(map { imei($_, '86927102') } 0 .. 199_999));
    my $program = abs_path($tamga);
    my $script = $r->file('full.sh', <<'SH');
set -u
exec 2>&1
program=$1 disk=$2 list=$3
mount -t tmpfs -o size="$4" none "$disk" || exit 99
tamga() { "$program" --register "sqlite:$disk/tamga.db" --now 2026-03-01T07:00:00Z "$@"; }
tamga suspend --mark lost --by police --order 1 490154203237518 || echo "suspend: $?"
tamga import amnesty "$list"
echo "import: $?"
tamga suspend --mark lost --by police --order 2 357350070000011
echo "second suspend: $?"
tamga check 490154203237518 >/dev/null
echo "check: $?"
tamga journal verify >/dev/null
echo "verify: $?"
tamga db check >/dev/null
echo "db check: $?"
mount -o remount,size=200m "$disk"
tamga import amnesty "$list"
echo "import again: $?"
tamga --json db check
echo "db check again: $?"
SH
    # Sizes at which the disk fills at different points: making, saving, the parts, almost never.
    for my $kb (96, 300, 1500, 2500, 4000, 6000, 9000) {
        my $pid = open my $p, '-|', 'unshare', '-m', 'bash', $script, $program, $disk, $list, "${kb}k"
          or die;
        my $out = do { local $/; <$p> // '' };
        close $p;
        my %code = $out =~ /^([\w ]+): (\d+)$/mg;
        my ($facts) = $out =~ /"facts":(\d+)/;
        if (($code{suspend} // 0) != 0) {
            is $code{suspend}, 4, "$kb kB: too small to begin";
        } else {
            ok $code{import} == 4 || $code{import} == 0, "$kb kB: import: exit $code{import}";
            is "$code{check} $code{verify} $code{'db check'}", '1 0 0', "$kb kB: the register is whole"
              or diag $out;
        }
        is $code{'import again'}, 0, "$kb kB: with more room it goes in" or diag $out;
        is $code{'db check again'}, 0, "$kb kB: and is whole";
        ok $facts == 200_001 || $facts == 200_002 || $facts == 200_000, "$kb kB: every IMEI once ($facts)";
    }
}
ok $r->whole, 'whole at the end';
done_testing;
