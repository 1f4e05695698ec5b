#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# sources_apart - one source that is slow or dead delays those alone who need it, typed or by file; what it is asked is
# counted: two tries a question, five questions without an answer, a rest, then exactly one more; nobody hears "no" for it.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Bulk;
use Peers;
use Portal;
use Register;
use Test::More;
use Time::HiRes qw(sleep time);

use constant SOON => 2; # seconds; a slow source answers after 4

my $r = Register->new;
my $peers = Peers::start($r->dir, qw(border parcel customs));
my $p = Portal->new($r, border => 0, settings => $peers);
my $iin = Portal::number_of('8501013');
$p->person('aigul', 'АХМЕТОВА АЙГҮЛ', '8501013');
my $bin = $p->organisation('firm', 'ТОО Импорт', $iin, '0101400');
my $known = '55301/010126/0001238';
is $r->run('customs', 'load', $r->file('customs.csv', lines('declaration_no,declaration_date,declarant,goods_item,quantity',
            "$known,2026-01-05,$bin,1,100")))->{code}, 0, 'a declaration that files know';
$p->staff('erlan', 'officer');
$p->serve;
my ($aigul, $firm, $erlan) = ($p->enter('aigul'), $p->enter('firm'), $p->enter_staff('erlan'));

my ($serial, $paper) = (0, 100);
sub device { return {imeis => [imei(++$serial, '35267705')], brand => 'Samsung', model => 'Galaxy'} }
sub file {
    my ($who, %wish) = @_;
    my ($status, $a) = $p->ask('POST', '/api/v1/applications', \%wish, $who);
    is $status, 201, "filed: $wish{kind}" or diag explain $a;
    return [$who, $a->{number}];
}
sub carried { return file($aigul, kind => 'personal', way => 'carried', country => 'TR', entered => '2026-02-01', devices => [device()]) }
sub parcel { return file($aigul, kind => 'personal', way => 'parcel', country => 'TR', document => 'RA' . ++$paper . '1', entered => '2026-02-01', devices => [device()]) }
sub imported { my ($document) = @_; return file($firm, kind => 'import', country => 'CN', document => $document // ('55301/010126/0000' . ++$paper . '1'), devices => [device()]) }
sub mine { my ($a) = @_; return ($p->ask('GET', "/api/v1/applications/$a->[1]", undef, $a->[0]))[1] }
sub within {
    my ($seconds, $code, $name) = @_;
    my $began = time;
    ok Register::poll($seconds, $code), $name;
    note sprintf '%.2f s', time - $began;
    return;
}
sub approved { my ($a, $seconds, $name) = @_; return within($seconds, sub { return mine($a)->{state} eq 'approved' }, $name) }
sub told { my ($a, $source) = @_; return Register::poll(15, sub { return "@{mine($a)->{waits_for} // []}" eq $source }) }
sub asked { return scalar(my @all = Peers::asked($_[0])) }

# ---- customs that answer after 4 seconds ----

Peers::fault('late', 'customs');
my @imports = map { imported() } 1 .. 6;
approved(carried(), SOON, 'whom the border knows does not wait for customs');
approved(parcel(), SOON, 'nor does a parcel');
approved(imported("$known/1"), SOON, 'nor an import of which files know');
is_deeply [map { mine($_)->{state} } @imports], [('checking') x 6], 'while they are being asked';
is_deeply [map { mine($_)->{waits_for} } @imports], [(undef) x 6], '... which is not yet "could not ask"';
within(15, sub { return !grep { mine($_)->{state} ne 'approved' } @imports }, 'and they answer right, several side by side');
is asked('customs'), 6, 'each was asked once';

# ---- customs that never answer, typed and by file ----

Peers::fault('slow', 'customs');
my $dead = imported();
my $b = Bulk->new($p, $firm);
sub line { my ($n, $no) = @_; return join ',', imei($n, '35267706'), '', '', '', 'Samsung', 'Galaxy', $no, '2026-01-05', 1, 'CN', '', '' }
sub by_file {
    my ($from, @no) = @_;
    my $u = $b->send_whole(lines($header, map { line($_, $no[$_ % @no]) } $from .. $from + 29));
    is $u->{devices}, 30, 'a file is checked meanwhile';
    return file($firm, kind => 'import', upload => $u->{id});
}
my $began = time;
my $slow = by_file(1000, '55301/010126/0000991');
my $quick = by_file(2000, $known);
sub checked { my ($a) = @_; return ($p->ask('GET', "/api/v1/desk/$a->[1]", undef, $erlan))[1]{checked} }
approved(carried(), SOON, 'a dead one delays nobody else');
within(SOON, sub { return checked($quick) }, 'nor a file of which files of customs know');
ok told($dead, 'customs'), 'whoever needs it reads so when it is over';
ok told($slow, 'customs'), '... and whose file needs it';
is asked('customs') - 6, 4, 'two tries for each of the two questions';
Peers::fault('', 'customs');
approved($dead, 30, 'it is asked again: silence was never taken for a no');

# ---- the breaker, by counting ----

Peers::fault('500', 'parcel');
my $before = asked('parcel');
my @parcels;
for (1 .. 5) {
    push @parcels, parcel();
    ok told($parcels[-1], 'parcel'), "without an answer: $_";
}
is asked('parcel') - $before, 10, 'five questions, two tries each';
my $rested = time;
push @parcels, parcel() for 1 .. 3;
ok told($parcels[-1], 'parcel'), 'then they hear at once that it cannot be asked';
approved(carried(), SOON, '... and the border goes on');
is asked('parcel') - $before, 10, '... and it is left alone';
ok Register::poll(60, sub { return asked('parcel') - $before > 10 }), 'after a rest it is asked again';
cmp_ok time - $rested, '>', 28, sprintf '... of half a minute (%.1f s)', time - $rested;
sleep 3; # in which all eight could have been asked
is asked('parcel') - $before, 12, '... with exactly one question, which decides: it rests on';
is_deeply [map { mine($_)->{state} } @parcels], [('checking') x 8], 'none of the eight heard a no';

within(60, sub { return checked($slow) }, 'the file is settled, too');
is mine($slow)->{waits_for}, undef, '... and waits for nobody';

# ---- a file of which half was answered ----

Peers::fault('late', 'customs');
my $first = asked('customs');
my $half = by_file(3000, map { "55301/010126/000088$_" } 1 .. 6);
ok Register::poll(20, sub { return asked('customs') - $first >= 3 }), 'the third of six lines is being asked';
Peers::fault('500', 'customs');
ok told($half, 'customs'), 'then nobody answers';
is asked('customs') - $first, 3 + 2, '... after two tries of the fourth';
Peers::fault('', 'customs');
within(60, sub { return checked($half) }, 'it goes on');
is asked('customs') - $first, 3 + 2 + 3, '... where it was: what was answered is not asked again';
is_deeply [@{($p->ask('GET', "/api/v1/desk/$half->[1]", undef, $erlan))[1]{customs}}{qw(lines stopped)}], [6, 1], '... with the answers of before and after: the third declares 3 devices alone';

my $so_far = asked('customs');
my $before_stop = my @gone = Peers::left('customs');
Peers::fault('slow', 'customs');
imported();
ok Register::poll(5, sub { return asked('customs') > $so_far }), 'while it is being asked';
my $stopping = time;
is Register::stop($p->{server}{pid}), 0, '... the server ends in order';
# When the source sees it leave, for the end of a process with a sanitizer takes as long as its memory is great.
ok Register::poll(SOON, sub { return Peers::left('customs') > $before_stop }), '... and hangs up';
@gone = Peers::left('customs');
is @gone - $before_stop, 1, '... once: it does not ask again';
cmp_ok $gone[-1]{left} - $stopping, '<', 4, sprintf '... and waits for no answer (%.1f s)', $gone[-1]{left} - $stopping;
done_testing;
