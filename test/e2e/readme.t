#!/usr/bin/env perl
# SPDX-License-Identifier: Apache-2.0
# The README's tour, run: every `$ ` line of its console blocks in one shell, its output (both
# streams, rates apart) against the lines that follow.
use strict;
use warnings;
use Cwd qw(getcwd);
use File::Temp qw(tempdir);

my $top = getcwd();
open my $readme, '<', 'README.md' or die "README.md: $!";
my (@steps, $inside);
while (my $line = <$readme>) {
    if ($line =~ /^```(\w*)/) {
        $inside = !$inside && $1 eq 'console';
    } elsif ($inside && $line =~ /^\$ (.*)/) {
        push @steps, {command => $1, want => ''};
    } elsif ($inside) {
        $steps[-1]{want} .= $line;
    }
}
close $readme;

my $dir = tempdir(CLEANUP => 1);
my $mark = "--- end of step $$";
open my $script, '>', "$dir/tour.sh" or die;
print {$script} "cd $dir\nexport PATH=$top/build:\$PATH\nunset TAMGA_ACTOR\n";
print {$script} "$_->{command}\necho '$mark'\n" for @steps;
close $script;
my @got = split /\Q$mark\E\n/, `bash $dir/tour.sh 2>&1`;
print '1..', scalar @steps, "\n";
for my $i (0 .. $#steps) {
    my $got = $got[$i] // '';
    $got =~ s/^\d+\.\d\d s, \d+ \w+\/s(, \d+\.\d MB)?\n//gm;
    my $ok = $got eq $steps[$i]{want};
    print $ok ? 'ok ' : 'not ok ', $i + 1, " - $steps[$i]{command}\n";
    print map {"# $_\n"} 'got:', split(/\n/, $got), 'want:', split(/\n/, $steps[$i]{want})
        unless $ok;
}
