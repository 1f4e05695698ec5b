#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# sources - border, post, customs and GSMA as programs of their own: an import whose declaration agrees is white by rules
# alone; partial shipments draw from one line, typed and by file; GSMA is asked about files, when they are checked and again
# before they are white, through a restart; each source fails in each way, and what
# waits for it says so, keeps its phone, and settles when the source is back.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Bulk;
use Peers;
use Portal;
use POSIX qw(strftime);
use Register;
use Test::More;
use Time::HiRes qw(sleep time);

my $r = Register->new;
my $peers = Peers::start($r->dir, qw(border parcel customs gsma));
my $p = Portal->new($r, border => 0, settings => $peers . "second_officer_above = 10000\n");
my $iin = Portal::number_of('8501013');
$p->person('aigul', 'АХМЕТОВА АЙГҮЛ', '8501013');
my $bin = $p->organisation('firm', 'ТОО Импорт', $iin, '0101400');
my $other = Portal::number_of('0202400');
$p->staff('erlan', 'officer');

# ---- files of customs ----

my $head = 'declaration_no,declaration_date,declarant,goods_item,brand,model,quantity,country';
my $no = '55301/010126/0001230';
sub load {
    my (@rows) = @_;
    return $r->run('--json', 'customs', 'load', $r->file('customs.csv', lines($head, @rows)));
}
my $row = "$no,2026-01-05,$bin,1,Samsung,Galaxy,5,CN";
is load($row, "$no,2026-01-05,$bin,2,Samsung,Galaxy,3,CN", "$no,2026-01-05,$other,3,,,10,CN")->{out},
  qq({"rows":3,"new":3,"corrected":0}\n), 'declarations are loaded';
is load($row)->{out}, qq({"rows":1,"new":0,"corrected":0}\n), 'twice changes nothing';
is load("$no,2026-01-05,$bin,1,Samsung,Galaxy,6,CN")->{out}, qq({"rows":1,"new":0,"corrected":1}\n), 'a later file corrects';
my $bad = load($row, "$no,2026-01-05,$bin,4,Samsung,Galaxy,0,CN");
is $bad->{code}, 2, 'a bad row refuses the file';
like $bad->{err}, qr/customs\.csv:3:\d+: NUMBER `0`: column quantity: a whole number from 1/, 'and says where, what, why';
like $r->run('customs', 'load')->{err}, qr/usage: tamga customs load FILE/, 'without a file: how it is used';
like $r->run('audit', 'show')->{out}, qr/customs_load/, 'the audit log tells of it';

# A phone that was used this week, for each source and way to fail: grey.
my $tac = '35267705';
my $week = strftime '%Y-%m-%d', localtime(time - 3 * 86_400);
is $r->run('feed', 'load', '--operator', 'Kcell', '--accept', 'all', '--reason', 'test', $r->file('feed.csv',
        lines('date,imei,imsi,msisdn,rat', map { "$week," . imei($_, $tac) . ',401011234567890,77010000000,LTE' } 1 .. 40)))->{code}, 0,
  'phones that are grey';

$p->serve;
my ($aigul, $firm, $erlan) = ($p->enter('aigul'), $p->enter('firm'), $p->enter_staff('erlan'));

sub device { return {imeis => [imei($_[0], $tac)], brand => 'Samsung', model => 'Galaxy'} }
sub file {
    my ($who, %wish) = @_;
    my ($status, $a) = $p->ask('POST', '/api/v1/applications', \%wish, $who);
    is $status, 201, 'filed' or diag explain $a;
    return $a->{number};
}
sub import_of {
    my ($document, @serials) = @_;
    return file($firm, kind => 'import', country => 'CN', document => $document, devices => [map { device($_) } @serials]);
}
sub seen { my ($number) = @_; return ($p->ask('GET', "/api/v1/desk/$number", undef, $erlan))[1] }
sub mine { my ($who, $number) = @_; return ($p->ask('GET', "/api/v1/applications/$number", undef, $who))[1] }
sub checked { my ($number, $seconds) = @_; return Register::poll($seconds // 5, sub { my $a = seen($number); return $a->{checked} && $a }) || seen($number) }
sub findings { my ($a) = @_; return join ' ', grep { $_ ne 'tac_unknown' } @{$a->{findings}}, map { @{$_->{findings}} } @{$a->{devices}} }
sub list { return ($p->ask('GET', "/api/v1/check/$_[0]"))[1]{list} }
# A grey phone with an open hold has no last day.
sub held { my ($v) = $r->check(imei($_[0], $tac)); return $v->{list} ne 'grey' ? $v->{list} : defined $v->{deadline} ? 'grey' : 'held' }

# ---- typed imports ----

my $agreed = import_of("$no/1", 101, 102, 103, 104);
is checked($agreed)->{state}, 'approved', 'a declaration that agrees: approved by rules';
ok Register::poll(3, sub { list(imei(101, $tac)) eq 'white' }), 'and white';
my $over = checked(import_of("$no/1", 111, 112, 113));
is "$over->{state} " . findings($over), 'checking quantity_exceeded', 'more than the line has left: an officer\'s';
is_deeply $over->{customs}{seen}[0],
  {declaration_no => $no, goods_item => 1, declared => 6, drawn => 4, devices => 3, findings => ['quantity_exceeded']}, 'with numbers';
my (undef, undef, undef, $page) = $p->ask('GET', "/desk/$over->{number}", undef, $erlan);
like $page, qr{<dd>4</dd>.*<dd>3</dd>}s, 'which stand on the officer\'s page';
is((($p->ask('POST', "/api/v1/applications/$over->{number}/withdraw", {}, $firm))[0]), 200, 'taken back');
is checked(import_of("$no/1", 111, 112))->{state}, 'approved', 'what it asked for can be drawn again';
is findings(checked(import_of("$no/3", 121))), 'customs_of_another', 'another\'s declaration';
my $unnamed = import_of($no, 122);
is findings(checked($unnamed)), 'customs_item', 'several goods items, none named';
is findings(checked(import_of("$no/4", 123))), 'not_in_customs', 'what files do not know, the service is asked';
my ($asked) = grep { ($_->{goods_item} // 0) == 4 } Peers::asked('customs');
is_deeply [@$asked{qw(declaration_no bin)}], [$no, $bin], '... for whom, about what';
like $asked->{purpose}, qr/^\d{4}-\d{10}$/, '... and why';
is findings(checked(file($firm, kind => 'import', country => 'RU', document => 'N-1', devices => [device(124)]))), 'import_notice',
  'from the EAEU: no declaration, an officer reads the notice';
is checked(import_of('55301/010126/0000003/1', 131, 132))->{state}, 'approved', 'the service counts as well';
is findings(checked(import_of('55301/010126/0000003/1', 133, 134))), 'quantity_exceeded', 'across applications';
my $listed = checked(import_of('55301/010126/0000004', 990_001));
is "$listed->{state} " . findings($listed), 'checking gsma_listed', 'what GSMA lists is no rule\'s to approve';

# ---- by file ----

sub line { my ($serial, $number, $item) = @_; return join ',', imei($serial, $tac), '', '', '', 'Samsung', 'Galaxy', $number, '2026-01-05', $item, 'CN', '', '' }
my $b = Bulk->new($p, $firm);
my $before = () = Peers::asked('customs');
my $u = $b->send_whole(lines($header, (map { line(2000 + $_, "$no", 2) } 1 .. 5), (map { line(3000 + $_, '55301/010126/0000007', 1) } 1 .. 90),
        (map { line(4000 + $_, '', '') } 1 .. 5)));
is $u->{devices}, 100, 'a file with two declaration lines, and rows without';
my $bulk = checked(file($firm, kind => 'import', upload => $u->{id}));
is_deeply [sort @{$bulk->{findings}}], [qw(import_notice needs_proof quantity_exceeded tac_unknown)], 'what was found of it';
# One drawn: by the application above that named no item.
is_deeply $bulk->{customs}, {lines => 2, stopped => 1, seen => [
    {declaration_no => $no, goods_item => 2, declared => 3, drawn => 1, devices => 5, findings => ['quantity_exceeded']}]}, 'the line with numbers';
is scalar(Peers::asked('customs')) - $before, 1, 'one look a line';
is findings(checked(import_of("$no/2", 141))), 'quantity_exceeded', 'a typed one draws from the same line';

# ---- what did not arrive can be drawn again ----

sub gone {
    my ($number, @serials) = @_;
    my ($status, $a) = $p->ask('POST', "/api/v1/applications/$number/corrections",
        {ground => 'not_arrived', devices => [map { {imei => imei($_, $tac)} } @serials]}, $firm);
    is $status, 201, 'a correction' or diag explain $a;
    return checked($a->{number}, 20)->{state};
}
sub act { my ($number, $act, $body) = @_; return ($p->ask('POST', "/api/v1/desk/$number/$act", $body, $erlan))[1] }
is((($p->ask('POST', "/api/v1/applications/$unnamed/withdraw", {}, $firm))[0]), 200, 'who named no item, and counts against all, goes');
is gone($agreed, 101), 'approved', 'one of a typed import never came';
is checked(import_of("$no/1", 151))->{state}, 'approved', 'another takes its place';
is findings(checked(import_of("$no/1", 152))), 'quantity_exceeded', 'one alone';
is load("$no,2026-01-05,$bin,5,,,4,CN", "$no,2026-01-05,$bin,6,,,9,CN")->{code}, 0, 'two more lines';
$u = $b->send_whole(lines($header, (map { line(6000 + $_, $no, 5) } 1 .. 4), (map { line(6100 + $_, $no, 6) } 1 .. 3)));
my $shipment = file($firm, kind => 'import', upload => $u->{id});
checked($shipment, 20);
act($shipment, 'claim', {});
act($shipment, 'decide', {approve => JSON::PP::true});
ok Register::poll(20, sub { mine($firm, $shipment)->{state} eq 'approved' }), 'a shipment by file';
my $late = import_of("$no/5", 161);
is findings(checked($late)), 'quantity_exceeded', 'its line is used up';
$p->ask('POST', "/api/v1/applications/$late/withdraw", {}, $firm);
is gone($shipment, 6002, 6101), 'approved', 'a device of each line never came';
is checked(import_of("$no/5", 161))->{state}, 'approved', 'another takes its place';
is findings(checked(import_of("$no/5", 162))), 'quantity_exceeded', 'one alone: the other was of another line';

# ---- GSMA, and files ----

$before = () = Peers::asked('gsma');
$u = $b->send_whole(lines($header, (map { line(5000 + $_, '', '') } 1 .. 1200), line(990_010, '', '')));
my $maker = file($firm, kind => 'manufacture', upload => $u->{id});
$bulk = checked($maker, 20);
like findings($bulk), qr/gsma_listed/, 'a file with a device that GSMA lists: an officer is told';
is $bulk->{file}{left_out}, 1, '... and it is left out';
my @questions = (Peers::asked('gsma'))[$before .. $before + 1];
is_deeply [sort map { scalar @{$_->{imeis}} } @questions], [1000, 201], 'all of it in two questions';
Peers::fault('500', 'gsma');
act($maker, 'claim', {});
is act($maker, 'decide', {approve => JSON::PP::true})->{state}, 'deciding', 'approved, and asked again before it is white';
ok Register::poll(20, sub { (mine($firm, $maker)->{waits_for}[0] // '') eq 'gsma' }), 'who cannot be asked is waited for';
is list(imei(5001, $tac)), 'unknown', '... and nothing is white';
Register::stop($p->{server}{pid});
Peers::fault('', 'gsma');
$p->serve;
ok Register::poll(30, sub { mine($firm, $maker)->{state} eq 'approved' }), 'asked again after a restart: approved' or diag explain mine($firm, $maker);
ok Register::poll(3, sub { list(imei(5001, $tac)) eq 'white' }), '... and white';
is list(imei(990_010, $tac)), 'unknown', '... but for what GSMA lists';
my (undef, undef, undef, $table) = $p->ask('GET', "/api/v1/applications/$maker/devices.csv?after=1200", undef, $firm);
like $table, qr/GSMA/, '... as the list of its devices tells';

# ---- each source, each way to fail ----

my %wishes = (
    border => sub { return ($aigul, kind => 'personal', way => 'carried', country => 'TR', entered => '2026-02-01', devices => [device($_[0])]) },
    parcel => sub { return ($aigul, kind => 'personal', way => 'parcel', country => 'TR', document => "RA$_[0]1", entered => '2026-02-01', devices => [device($_[0])]) },
    customs => sub { return ($firm, kind => 'import', country => 'CN', document => "55301/010126/00001${_[0]}1", devices => [device($_[0])]) },
    gsma => sub { return ($firm, kind => 'import', country => 'CN', document => "55301/010126/00002${_[0]}1", devices => [device($_[0])]) },
);
my @sources = sort keys %wishes;
my $serial = 0;
for my $fault (qw(500 garbage half gone)) {
    Peers::fault($fault, @sources);
    my %number;
    for my $source (@sources) {
        Peers::fault('', 'gsma') if $source ne 'gsma';
        Peers::fault($fault, 'gsma') if $source eq 'gsma';
        Peers::fault('', 'customs') if $source eq 'gsma';
        my ($who, %wish) = $wishes{$source}->(++$serial);
        my $n = $number{$source} = file($who, %wish);
        ok Register::poll(5, sub { mine($who, $n)->{waits_for} }), "$source: $fault";
        is_deeply mine($who, $n)->{waits_for}, [$source], '... is told as waiting for it';
        is_deeply [mine($who, $n)->{state}, held($serial)], ['checking', 'held'], '... and its phone is held';
    }
    Peers::fault('', @sources);
    my %mine = map { $_ => [($wishes{$_}->(1))[0], $number{$_}] } @sources;
    ok Register::poll(45, sub { return !grep { mine(@$_)->{state} ne 'approved' } values %mine }), "$fault: back, all settle"
      or diag explain {map { $_ => mine(@{$mine{$_}}) } @sources};
}
ok !exists mine($aigul, (($p->ask('GET', '/api/v1/applications', undef, $aigul))[1]{applications}[0]{number}))->{waits_for}, 'nobody is waited for any more';

done_testing;
