from neonym.lab import main

if __name__ == "__main__":
    main("sweep")
