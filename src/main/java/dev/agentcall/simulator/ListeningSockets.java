package dev.agentcall.simulator;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ServerSocketFactory;

/**
 * Server sockets whose port is free as soon as they are closed. With {@link ServerSocket} alone it is not yet: the
 * operating system goes on listening, and lets clients connect, until the thread that waits in {@code accept} has woken up.
 */
final class ListeningSockets extends ServerSocketFactory {

    @Override
    public ServerSocket createServerSocket() throws IOException {
        return new ListeningSocket();
    }

    @Override
    public ServerSocket createServerSocket(int port) throws IOException {
        return createServerSocket(port, 0);
    }

    @Override
    public ServerSocket createServerSocket(int port, int backlog) throws IOException {
        return createServerSocket(port, backlog, null);
    }

    @Override
    public ServerSocket createServerSocket(int port, int backlog, InetAddress address) throws IOException {
        ServerSocket socket = createServerSocket();
        socket.bind(new InetSocketAddress(address, port), backlog);
        return socket;
    }

    private static final class ListeningSocket extends ServerSocket {

        private final ReentrantLock accepting = new ReentrantLock();

        ListeningSocket() throws IOException {}

        @Override
        public Socket accept() throws IOException {
            accepting.lock();
            try {
                return super.accept();
            } finally {
                accepting.unlock();
            }
        }

        @Override
        public void close() throws IOException {
            super.close();
            accepting.lock();
            accepting.unlock();
        }
    }
}
