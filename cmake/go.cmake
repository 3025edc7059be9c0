# Programs in Go: a folder each, which is the package. One module for all of them, go.mod.
set(go_minimum 1.19) # debug.SetMemoryLimit; as in go.mod
find_program(GO go)
set(go_version 0)
if(GO)
    execute_process(COMMAND ${GO} env GOVERSION OUTPUT_VARIABLE go_version OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    string(REGEX REPLACE "^go" "" go_version "${go_version}")
endif()
# Nothing of the user's own set-up, nothing from the network, nothing written outside the build tree.
set(go ${CMAKE_COMMAND} -E env GOENV=off GOWORK=off GOTOOLCHAIN=local GOPROXY=off CGO_ENABLED=0
    "GOFLAGS=-mod=mod -buildvcs=false" GOPATH=${PROJECT_BINARY_DIR}/go GOCACHE=${PROJECT_BINARY_DIR}/go/cache ${GO})
file(GLOB_RECURSE go_sources CONFIGURE_DEPENDS
    ${PROJECT_SOURCE_DIR}/workloads/*.go ${PROJECT_SOURCE_DIR}/services/*.go)

# add_go_programs(SIDE): each SIDE/NAME/main.go is the program SIDE/NAME of the build tree, and installed.
function(add_go_programs side)
    file(GLOB mains CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${side}/*/main.go)
    foreach(main IN LISTS mains)
        cmake_path(GET main PARENT_PATH folder)
        cmake_path(GET folder FILENAME name)
        if(go_version VERSION_LESS go_minimum)
            message(STATUS "no go ${go_minimum} (package golang-go): ${side}/${name} is not built")
            continue()
        endif()
        set(program ${PROJECT_BINARY_DIR}/${side}/${name})
        add_custom_command(OUTPUT ${program}
            COMMAND ${go} build -trimpath -o ${program} ./${side}/${name}
            COMMAND ${CMAKE_COMMAND} -E touch ${program} # go build leaves alone what would be the same
            DEPENDS ${go_sources} ${PROJECT_SOURCE_DIR}/go.mod
            WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
            COMMENT "Building the Go program ${side}/${name}" VERBATIM)
        add_custom_target(${side}_${name} ALL DEPENDS ${program})
        add_dependencies(programs ${side}_${name})
        install(PROGRAMS ${program} DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/afterfree/${side})
    endforeach()
endfunction()

# The format of all Go packages, vet's findings in them, and their unit tests; and that deleting every key is the one
# clear the compiler can make of it.
if(AFTERFREE_TESTS AND NOT go_version VERSION_LESS go_minimum)
    find_program(GOFMT gofmt REQUIRED)
    add_test(NAME go/is_formatted COMMAND sh -c "wrong=$(\"$@\") && test -z \"$wrong\" || ! echo \"$wrong\"" sh
        ${GOFMT} -l workloads services WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    add_test(NAME go/vet COMMAND ${go} vet ./workloads/... ./services/... WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    add_test(NAME go/test COMMAND ${go} test ./workloads/... ./services/... WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    add_test(NAME go/deletes_by_one_clear COMMAND sh -c "\"$@\" | grep -F 'CALL runtime.mapclear('" sh
        ${go} tool objdump -s "table..clear$" ${PROJECT_BINARY_DIR}/workloads/go_map)
    set_tests_properties(go/vet go/test PROPERTIES TIMEOUT 300)
endif()
