#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# requests_pages - a seller to whom more requests came than a page shows: by page he comes to the last of them, each stands
# on one page once, and what is no number of ours in an address is refused.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Portal;
use POSIX qw(strftime);
use Register;
use Test::More;

my ($buyers, $each, $page) = (11, 5, 50); # five a day of one person

my $r = Register->new;
my $p = Portal->new($r, border => 0);
my $owner = Portal::number_of('9006154');
my $bin = $p->organisation('firm', 'ЖШС Дүкен', $owner, '0101400');
$p->person("buyer$_", "БЕКОВ БОЛАТ", sprintf '85010%02d', 10 + $_) for 1 .. $buyers;
$p->serve;
my $firm = $p->enter('firm');
my $day = strftime '%Y-%m-%d', localtime(time - 3 * 86_400);
my %sent;
for my $n (1 .. $buyers) {
    my $buyer = $p->enter("buyer$n");
    for my $i (1 .. $each) {
        my ($status, $json) = $p->ask('POST', '/api/v1/requests', {imeis => [imei($n * 10 + $i, '35267706')], seller => {bin => $bin}, bought => $day}, $buyer);
        $sent{$json->{number} // ''} = 1;
    }
}
is scalar keys %sent, $buyers * $each, 'more requests than a page shows';

sub page { my ($path) = @_; return ($p->ask('GET', $path, undef, $firm))[3] }
sub numbers { return $_[0] =~ m{href="/requests/(R\d{4}-\d{10})}g }

my $first = page('/requests');
my ($next) = $first =~ m{<a rel="next" href="([^"]+)"};
is scalar(my @newest = numbers($first)), $page, 'the newest';
like $next, qr{^/requests\?received=\d+$}, '... and the way to those before';
my $last = page($next);
is scalar(my @oldest = numbers($last)), $buyers * $each - $page, 'the others';
is_deeply [sort @newest, @oldest], [sort keys %sent], '... each of them once';
unlike $last, qr/rel="next"/, '... which are the last';
like $last, qr{<a class="" href="/requests">}, '... with a way back to the newest';
like page('/requests?lang=ru'), qr{href="/requests\?lang=ru&amp;received=\d+"}, 'the language goes with it';
is(($p->ask('GET', "/requests?received=$_", undef, $firm))[0], 400, "'$_' is no place in it") for 'x', '0', '-1';
done_testing;
