module afterfree

go 1.19
