#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# deploy - the files of deploy/ that no server of the tests reads: units that systemd finds good, rules that
# Prometheus finds good, and no metric in them that /metrics does not have.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Portal;
use Register;
use Test::More;

sub has { return grep { -x "$_/$_[0]" } split /:/, "$ENV{PATH}:/usr/sbin:/sbin" }

my $r = Register->new;
Portal->new($r, border => 0); # its thread counts violations
is $r->run('user', 'add', 'aigul')->{code}, 0, 'a register';
is $r->run('notices', 'channel', '--operator', 'Altel', '--road', 'file', '--plmn', '40101')->{code}, 0, 'an operator who is told of notices';
my %names;
for my $file (glob 'deploy/monitoring/*') {
    my %named = map { $_ => 1 } slurp($file) =~ /\b(tamga_[a-z_]+)\b/g;
    $names{$file} = [sort keys %named];
}
my $server = $r->serve;
my %known;
poll(30, sub { # figures of notices, clones and reports come a moment after the start
    my (undef, $metrics) = Register::http($server, 'GET', '/metrics');
    %known = map { $_ => 1 } $metrics =~ /^# TYPE (tamga_\w+)/mg;
    return !grep { !$known{$_} } map { @$_ } values %names;
});
Register::stop($server->{pid});
for my $file (sort keys %names) {
    cmp_ok scalar(@{$names{$file}}), '>', 4, "$file names metrics";
    is_deeply [grep { !$known{$_} } @{$names{$file}}], [], 'all of which there are';
}
is ref json(slurp('deploy/monitoring/grafana-tamga.json'))->{panels}, 'ARRAY', 'the dashboard is JSON';

SKIP: {
    skip 'no promtool', 1 unless has('promtool');
    my $out = `promtool check rules deploy/monitoring/tamga-rules.yml 2>&1`;
    is $?, 0, 'promtool finds the rules good' or diag $out;
}

# systemd-analyze wants the program and the account that a unit names.
SKIP: {
    skip 'no systemd-analyze', 1 unless has('systemd-analyze');
    for my $unit (glob 'deploy/systemd/*') {
        my ($name) = $unit =~ m{([^/]+)$};
        (my $text = slurp($unit)) =~ s{/usr/bin/tamga[\w-]*}{/bin/true}g;
        $text =~ s/^(User|Group)=tamga$/$1=daemon/mg;
        spew($r->path($name), $text);
    }
    for my $unit (glob "$r->{dir}/*.service $r->{dir}/*.timer") {
        my @words = grep { !/^\s*$/ && !/postgresql\.service|tamga-\w+\.service.*not found/ } split /\n/, `systemd-analyze verify --man=no $unit 2>&1`;
        my ($name) = $unit =~ m{([^/]+)$};
        is_deeply [grep { /\Q$name\E/ } @words], [], "systemd finds $name good";
    }
}
done_testing;
